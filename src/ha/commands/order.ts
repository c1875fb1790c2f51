// SPDX-License-Identifier: Apache-2.0
/**
 * What all orders of an operator have in common: targets, a reason, and the core's answers. Each
 * target is an order of its own, given in turn; an answer that stays away ends the row.
 */
import { z } from 'zod';
import { AureoleError } from '../../kernel/error.ts';
import { durationMs, formatDuration } from '../../model/duration.ts';
import type { Command, CommandContext, Look, Verdict } from '../../runtime/command.ts';
import type { HaApi } from '../client.ts';
import type { OrderAnswer, OrderRequest, PlanStep } from '../contract.ts';
import { resolveTargets } from './targets.ts';
import { waitForOrders } from './wait.ts';

export const Targets = z.array(z.string().min(1, 'write a name')).min(1, 'write a name');
export const Reason = z.string().max(1_024, 'is too long: at most 1024 characters');

export const REASON_OPTION = {
  flags: '--reason <text>',
  description: 'why; kept in the journal with your name',
} as const;

const WAIT_DEFAULT = '10m';
const Wait = z.union([z.literal(true).transform(() => WAIT_DEFAULT), z.string()]);

/** What an order takes that may start, stop or move something. */
export const MOVING = z.object({
  dryRun: z.boolean().default(false),
  wait: Wait.pipe(durationMs('1s', '1d')).optional(),
});
export const MOVING_OPTIONS = [
  { flags: '--dry-run', description: 'only tell what would be done' },
  {
    flags: '--wait [duration]',
    description: `wait until it is done, at most so long (default: ${WAIT_DEFAULT})`,
  },
] as const;
export type Moving = { readonly dryRun: boolean; readonly wait?: number | undefined };

export type Orders = Moving & {
  readonly verb: OrderRequest['verb'];
  readonly targets: readonly string[];
  readonly reason: string;
  readonly force: boolean;
};

/** With `--json`, a list of these. After `--wait` the outcome is how it ended. */
export type TargetAnswer = {
  readonly target: string;
  /** unknown: it may be done, or be done yet. */
  readonly outcome: OrderAnswer['outcome'] | 'unknown';
  readonly text: string;
  /** Of a dry run. */
  readonly plan?: readonly PlanStep[];
};

type OrderInput = Moving & { readonly targets: readonly string[]; readonly reason: string };

export type OrderCommand = Command<OrderInput, readonly TargetAnswer[], HaApi>;

type OrderSketch = {
  readonly verb: OrderRequest['verb'];
  readonly kind: 'host' | 'group';
  readonly description: string;
  readonly moves: boolean;
  readonly summary: string;
  readonly examples: readonly string[];
};

export function orderCommand(sketch: OrderSketch): OrderCommand {
  const { verb, kind, description, moves, summary, examples } = sketch;
  return {
    name: verb,
    summary,
    arguments: [{ name: kind, description, many: true }],
    options: moves ? [REASON_OPTION, ...MOVING_OPTIONS] : [REASON_OPTION],
    input: INPUTS[kind],
    examples,
    async run({ targets: words, ...order }, context) {
      const targets = await resolveTargets(kind, words, context);
      return giveOrders({ verb, force: false, ...order, targets }, context);
    },
    render: renderAnswers,
    verdict: verdictOf,
  };
}

/** What the argument is called in the help, it is called in complaints as well. */
const INPUTS: Readonly<Record<OrderSketch['kind'], z.ZodType<OrderInput>>> = {
  host: MOVING.extend({ host: Targets, reason: Reason.default('') }).transform(
    ({ host, ...order }) => ({ ...order, targets: host }),
  ),
  group: MOVING.extend({ group: Targets, reason: Reason.default('') }).transform(
    ({ group, ...order }) => ({ ...order, targets: group }),
  ),
};

export async function giveOrders(
  { verb, targets, reason, force, dryRun, wait }: Orders,
  context: CommandContext<HaApi>,
): Promise<readonly TargetAnswer[]> {
  if (dryRun && wait !== undefined) {
    const text = '--wait has nothing to wait for with --dry-run: leave one of them out';
    throw new AureoleError(text, { code: 'usage' }, { effect: 'none' });
  }
  const { api, operator, signal } = context;
  const answers: TargetAnswer[] = [];
  for (const target of targets) {
    try {
      const order = { verb, target, reason, force, dryRun, operator };
      const { outcome, text, plan } = await api.order(order, signal);
      answers.push({ target, outcome, text, ...(plan === undefined ? {} : { plan }) });
    } catch (error) {
      // Nothing came before that would have to be told: the error says it all.
      if (!(error instanceof AureoleError) || answers.length === 0) throw error;
      const outcome = error.effect === 'unknown' ? 'unknown' : 'failed';
      answers.push({ target, outcome, text: error.message });
      break;
    }
  }
  const unsent = targets.slice(answers.length).map((target): TargetAnswer => {
    return { target, outcome: 'failed', text: 'not sent, since the order before it had no answer' };
  });
  const ended = wait === undefined ? answers : await waitFor(verb, answers, wait, context);
  return [...ended, ...unsent];
}

async function waitFor(
  verb: OrderRequest['verb'],
  answers: readonly TargetAnswer[],
  timeoutMs: number,
  { api, signal, tell }: CommandContext<HaApi>,
): Promise<readonly TargetAnswer[]> {
  const under = answers.filter(({ outcome }) => outcome === 'accepted' || outcome === 'done');
  if (under.length === 0) return answers;
  const orders = under.map(({ target }) => ({ verb, target }));
  tell(`waiting for at most ${formatDuration(timeoutMs)}`);
  const options = { timeoutMs, onProgress: tell };
  const ended = await waitForOrders(api, orders, options, signal);
  return answers.map((answer) => {
    if (!under.includes(answer)) return answer;
    const end = ended.find(({ target }) => target === answer.target);
    return end === undefined ? answer : { ...answer, outcome: end.outcome, text: end.text };
  });
}

export function renderAnswers(
  answers: readonly TargetAnswer[],
  _look: Look,
  { dryRun }: Moving,
): string {
  if (!dryRun) return answers.map(answerLine).join('\n');
  const alone = answers.length > 1 ? ['(each of them foretold as if it were the only one)'] : [];
  return [...answers.flatMap(planLines), ...alone].join('\n');
}

function answerLine({ target, outcome, text }: TargetAnswer): string {
  return `${target}: ${outcome}${text === '' ? '' : `: ${text}`}`;
}

/** What the core would answer reads as if it were done: it stands behind a `would be`. */
function planLines({ target, outcome, text, plan }: TargetAnswer): readonly string[] {
  if (outcome === 'failed' || outcome === 'unknown') {
    return [answerLine({ target, outcome, text })];
  }
  const steps = plan?.map((step, index) => `  ${index + 1}. ${stepWords(step)}`) ?? [];
  const nothing = outcome !== 'refused' && steps.length === 0 ? ['  nothing would move'] : [];
  return [
    `${target}: dry run: would be ${outcome}${text === '' ? '' : ` (${text})`}`,
    ...steps,
    ...nothing,
  ];
}

function stepWords({ action, host, group, resource, device, reason }: PlanStep): string {
  const why = reason === '' ? '' : `: ${reason}`;
  if (action === 'power-off' || action === 'power-on') {
    const through = device === undefined ? '' : ` with ${device}`;
    return `power ${action.slice('power-'.length)} ${host}${through}${why}`;
  }
  const what = resource ?? group ?? 'everything';
  const of = group === undefined || group === what ? '' : ` (group ${group})`;
  return `${action} ${what}${of} on ${host}${why}`;
}

/** From good to bad. What is accepted is under way: what becomes of it is in the status and the events. */
const BAD = ['done', 'refused', 'failed', 'unknown'] as const;

/** The worst one. */
export function verdictOf(answers: readonly TargetAnswer[]): Verdict {
  const outcomes = new Set(answers.map(({ outcome }) => outcome));
  return BAD.findLast((outcome) => outcomes.has(outcome)) ?? 'done';
}
