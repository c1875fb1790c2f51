// SPDX-License-Identifier: Apache-2.0
/**
 * One stack in one lab: what it costs while nothing happens, then each act once. Times are those of
 * the resource agents' own record and of the power switch.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { BenchOptions } from '../../bench.ts';
import { cpuMs, memoryOf, type Memory } from './host-cost.ts';
import { waitUntil, waitUntilWhole, type Stack } from './stack.ts';

export type ActName = 'powered-off' | 'frozen' | 'cut' | 'move';

/** Milliseconds from the act. */
export type Failover = {
  /** Absent where nobody switched it but ourselves. */
  readonly off?: number;
  readonly firstStart: number;
  readonly lastStarted: number;
};

export type Idle = {
  readonly memory: Memory;
  /** Of what serves both hosts. */
  readonly manager: Memory;
  /** Of a core: of the daemons, and of what they ran. */
  readonly cpuPercent: number;
  readonly scriptsCpuPercent: number;
};

const NOTHING: Memory = { pssMb: 0, unsharedMb: 0 };
/** After a start there is still this and that to do. */
const SETTLE_MS = 15_000;
const IDLE_MS = 15_000;
/** Between two acts: monitors and beats fall anywhere. */
const PAUSE_MS = 1_000;

export type Round = {
  /** Not in every round: it takes its time and hardly differs. */
  readonly idle?: Idle;
  readonly acts: Readonly<Record<ActName, Failover>>;
};

export async function playRound(
  stack: Stack,
  withIdle: boolean,
  options: BenchOptions,
): Promise<Round> {
  await waitUntilWhole(stack);
  const idle = withIdle ? await measureIdle(stack) : undefined;
  const play = async (act: ActName): Promise<Failover> => {
    const times = await measureAct(stack, act);
    options.say(`${stack.name}: ${act}: ${Math.round(times.lastStarted)} ms`);
    return times;
  };
  const acts = {
    'powered-off': await play('powered-off'),
    frozen: await play('frozen'),
    cut: await play('cut'),
    move: await play('move'),
  };
  return { ...(idle && { idle }), acts };
}

async function measureIdle(stack: Stack): Promise<Idle> {
  await delay(SETTLE_MS);
  const begin = cpuMs(stack.victim, stack.daemons);
  const beganAt = performance.now();
  await delay(IDLE_MS);
  const percent = 100 / (performance.now() - beganAt);
  const end = cpuMs(stack.victim, stack.daemons);
  return {
    memory: memoryOf(stack.victim, stack.daemons),
    manager: stack.manager === undefined ? NOTHING : memoryOf(stack.manager, stack.daemons),
    cpuPercent: (end.own - begin.own) * percent,
    scriptsCpuPercent: (end.children - begin.children) * percent,
  };
}

/** Acts, waits for the ten to run on the survivor, and makes all whole again. */
async function measureAct(stack: Stack, act: ActName): Promise<Failover> {
  const { victim, survivor, acts } = stack;
  await delay(PAUSE_MS * (1 + Math.random()));
  const actAt = Date.now();
  await commit(stack, act);
  await waitUntil(`${stack.name}: all run on ${survivor.name} after ${act}`, () => {
    const starts = acts.startsOn(survivor.name, actAt);
    return starts === undefined ? 'they do not' : undefined;
  });
  const starts = acts.startsOn(survivor.name, actAt) ?? [];
  const off = act === 'cut' || act === 'frozen' ? offAfter(victim.directory, actAt) : undefined;
  await mend(stack, act);
  return {
    ...(off === undefined ? {} : { off: off - actAt }),
    firstStart: Math.min(...starts.map(({ beganAt }) => beganAt)) - actAt,
    lastStarted: Math.max(...starts.map(({ endedAt }) => endedAt)) - actAt,
  };
}

async function commit(stack: Stack, act: ActName): Promise<void> {
  switch (act) {
    case 'powered-off':
      return await stack.victim.powerOff();
    case 'frozen':
      return await stack.victim.freeze();
    case 'cut':
      return await stack.victim.cutCable();
    case 'move':
      return await stack.orderAway();
  }
}

async function mend(stack: Stack, act: ActName): Promise<void> {
  if (act === 'cut') await stack.victim.mendCable();
  if (act !== 'move') await stack.victim.powerOn();
  await stack.bringHome();
  await waitUntilWhole(stack);
}

/** When its power switch was told to cut the power, by its own log. */
function offAfter(directory: string, actAt: number): number | undefined {
  return readFileSync(join(directory, 'power.log'), 'utf8')
    .split('\n')
    .map((line) => line.split(' '))
    .filter(([, what]) => what === 'off')
    .map(([time = '']) => Date.parse(time))
    .find((at) => at >= actAt);
}
