// SPDX-License-Identifier: Apache-2.0
/**
 * What all orders of an operator have in common. Each target is an order of its own, given in turn; an
 * answer that stays away ends the row.
 */
import type { z } from 'zod';
import { AureoleError } from '../../kernel/error.ts';
import { formatDuration } from '../../model/duration.ts';
import type { Command, CommandContext } from '../../runtime/command.ts';
import type { HaApi } from '../client.ts';
import type { OrderRequest } from '../contract.ts';
import {
  MOVING,
  MOVING_OPTIONS,
  Reason,
  REASON_OPTION,
  Targets,
  type Moving,
} from './order-input.ts';
import { renderAnswers, verdictOf, type TargetAnswer } from './show-answers.ts';
import { resolveTargets } from './targets.ts';
import { waitForOrders } from './wait.ts';

export type Orders = Moving & {
  readonly verb: OrderRequest['verb'];
  readonly targets: readonly string[];
  readonly reason: string;
  readonly force: boolean;
};

type OrderInput = Moving & { readonly targets: readonly string[]; readonly reason: string };

type OrderCommand = Command<OrderInput, readonly TargetAnswer[], HaApi>;

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
