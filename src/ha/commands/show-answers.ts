// SPDX-License-Identifier: Apache-2.0
/** The answers to orders as text: a line for each target, of a dry run its plan. */
import type { Look, Verdict } from '../../runtime/command.ts';
import type { OrderAnswer, PlanStep } from '../contract.ts';
import type { Moving } from './order-input.ts';

/** With `--json`, a list of these. After `--wait` the outcome is how it ended. */
export type TargetAnswer = {
  readonly target: string;
  /** unknown: it may be done, or be done yet. */
  readonly outcome: OrderAnswer['outcome'] | 'unknown';
  readonly text: string;
  /** Of a dry run. */
  readonly plan?: readonly PlanStep[];
};

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
  const nothing = outcome !== 'refused' && plan?.length === 0 ? ['  nothing would move'] : [];
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
