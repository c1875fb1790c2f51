// SPDX-License-Identifier: Apache-2.0
/** Administrators in a storm: they give orders at random, with the command line that they have. */
import { runProgram, type ProgramEnd } from '../../runtime/process.ts';
import type { OrderVerb, PlannedOrder } from './plan.ts';
import type { Stage } from './stage.ts';

const COMMAND_TIMEOUT_MS = 25_000;
const KILL_GRACE_MS = 500;
const OUTPUT_BYTES_MAX = 65_536;
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
/** Where it is not the verb and its target. */
const WORDS: Partial<Record<OrderVerb, (target: string) => readonly string[]>> = {
  'confirm-off': (target) => ['fence', target, '--confirm-off', '--again', target],
  'power-on': (target) => ['power', 'on', target],
  'power-off': (target) => ['power', 'off', target],
};
const OUTCOMES: Readonly<Record<number, string>> = {
  0: 'done',
  1: 'failed',
  3: 'refused',
  4: 'unknown',
  5: 'unreachable',
};

export type Given = {
  readonly outcome: string;
  /** Its own words, of which nobody may be ashamed. */
  readonly text: string;
};

/** Undefined: a careful person would not have given it. */
export async function giveOrder(
  stage: Stage,
  aureole: readonly string[],
  order: PlannedOrder,
): Promise<Given | undefined> {
  if (order.verb !== 'confirm-off') return await command(stage, aureole, order);
  // Nobody switches it on between his look and his word.
  return await stage.alone(order.target, async () =>
    stage.host(order.target).isOn ? undefined : await command(stage, aureole, order),
  );
}

async function command(
  stage: Stage,
  aureole: readonly string[],
  order: PlannedOrder,
): Promise<Given> {
  const [file = '', ...words] = aureole;
  const more = ['--reason', 'drawn', '--json', '--socket', stage.trial.cluster.socket];
  const { end, stdout, stderr } = await runProgram({
    file,
    args: [...words, ...wordsOf(order), ...more],
    env: { PATH, LC_ALL: 'C' },
    timeoutMs: COMMAND_TIMEOUT_MS,
    killGraceMs: KILL_GRACE_MS,
    outputBytesMax: OUTPUT_BYTES_MAX,
  });
  return { outcome: outcomeOf(end), text: `${stdout}\n${stderr}`.trim() };
}

function wordsOf({ verb, target, force }: PlannedOrder): readonly string[] {
  const words = WORDS[verb]?.(target) ?? [verb, target];
  return force ? [...words, '--force'] : words;
}

function outcomeOf(end: ProgramEnd): string {
  if (end.type !== 'exited') return end.type;
  return OUTCOMES[end.code] ?? `status ${end.code}`;
}
