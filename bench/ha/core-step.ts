// SPDX-License-Identifier: Apache-2.0
/**
 * The slowest step of the core in a large cluster that loses a host: from its last beat until what it
 * carried runs elsewhere, beats of all others and ticks included. What the garbage collector takes within a
 * step counts; so it runs in a process of its own, with as small a young generation as the agent has.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Bench } from '../bench.ts';
import { spreadOf, type Figure } from '../figure.ts';
import { clusterOf, CoreAlone } from './core-alone.ts';

const HOSTS = 1_000;
const GROUPS = 4_000;
const BAR_MS = 10;
const EPISODES = 20;
/** By then everything runs at home, every fence device is proven, and the machine code is made. */
const SETTLED_MS = 400_000;
const EPISODE_MS = 30_000;
const DEADLINE_MS = 900_000;
const WARM_UP = 6;
export const coreStepBench: Bench = {
  name: 'core-step',
  about: `the slowest step when one of ${HOSTS} hosts is lost; some minutes`,
  run: async ({ quick }) => [figureOf(await playApart(quick ? 2 : EPISODES))],
};

async function playApart(episodes: number): Promise<readonly number[]> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--max-semi-space-size=1', import.meta.filename, String(episodes)],
    { timeout: DEADLINE_MS },
  );
  return stdout.trim().split('\n').map(Number);
}

function figureOf(slowest: readonly number[]): Figure {
  const spread = spreadOf(slowest);
  return {
    figure: `core-step: ${HOSTS} hosts, ${GROUPS} groups, one host lost`,
    value: spread.p50,
    unit: 'ms',
    runs: slowest.length,
    bar: `<= ${BAR_MS} ms`,
    holds: spread.max <= BAR_MS,
    spread,
    note: `the slowest step of each loss; the bar is held against the slowest of all; --max-semi-space-size=1`,
  };
}

/** Takes the host away, and gives how long the slowest step took. */
function lose(core: CoreAlone, index: number): number {
  const [lost, other] = [`oss${index}`, `oss${index + 1}`];
  const wanted = core.runsOn(lost) + core.runsOn(other);
  const endAt = core.schedule.now + EPISODE_MS;
  let slowest = 0;
  core.onStep = (ms) => (slowest = Math.max(slowest, ms));
  core.freeze(lost);
  while (core.runsOn(other) < wanted) {
    if (core.schedule.now > endAt) throw new Error(`${lost} was not failed over`);
    core.schedule.runUntil(core.schedule.now + 100);
  }
  core.onStep = () => {};
  return slowest;
}

if (import.meta.main) {
  const core = new CoreAlone(clusterOf(HOSTS, GROUPS));
  core.schedule.runUntil(SETTLED_MS);
  for (let episode = 0; episode < WARM_UP + Number(process.argv[2]); episode++) {
    // One host of a pair only.
    const ms = lose(core, 2 * (5 + 17 * episode));
    if (episode >= WARM_UP) process.stdout.write(`${ms}\n`);
  }
}
