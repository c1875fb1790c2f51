// SPDX-License-Identifier: Apache-2.0
/**
 * How many schedules of the simulation one core plays in a second: ten minutes of storm over four hosts
 * and six groups, all else drawn as ever, and the calm after it. In a process of its own, bound to one
 * core, so that the garbage collector has no second one.
 */
import { execFile } from 'node:child_process';
import { performance } from 'node:perf_hooks';
import { promisify } from 'node:util';
import { Storm } from '../../src/ha/sim/storm.ts';
import type { Bench } from '../bench.ts';
import { rounded, spreadOf, type Figure } from '../figure.ts';

const SIZE = { hosts: 4, groups: 6 } as const;
const BAR = 100;
const WARM_UP = 150;
const BATCH = 50;
const BATCHES = 10;
const DEADLINE_MS = 600_000;

type Rate = Readonly<{ perSecond: number; perCpuSecond: number }>;

export const simulationBench: Bench = {
  name: 'simulation',
  about: 'schedules that the simulation plays in a second on one core; half a minute',
  run: async ({ quick }) => [figureOf(await playApart(quick ? 1 : BATCHES))],
};

async function playApart(batches: number): Promise<readonly Rate[]> {
  const { stdout } = await promisify(execFile)(
    'taskset',
    ['--cpu-list', '0', process.execPath, import.meta.filename, String(batches)],
    { timeout: DEADLINE_MS },
  );
  return stdout
    .trim()
    .split('\n')
    .map((line) => {
      const [perSecond, perCpuSecond] = line.split(' ').map(Number);
      if (perSecond === undefined || perCpuSecond === undefined)
        throw new Error(`not a rate: ${line}`);
      return { perSecond, perCpuSecond };
    });
}

function figureOf(rates: readonly Rate[]): Figure {
  const spread = spreadOf(rates.map(({ perSecond }) => perSecond));
  const byCpu = spreadOf(rates.map(({ perCpuSecond }) => perCpuSecond));
  return {
    figure: 'simulation: 4 hosts, 6 groups, 10 minutes of storm a schedule',
    value: spread.p50,
    unit: 'schedules/s',
    runs: rates.length,
    bar: `>= ${BAR} on one core`,
    holds: spread.p50 >= BAR,
    spread,
    note: `each run ${BATCH} schedules; by the CPU time of the whole process ${rounded(byCpu.p50)}/s`,
  };
}

function play(first: number): Rate {
  const begunAt = performance.now();
  const cpu = process.cpuUsage();
  for (let seed = first; seed < first + BATCH; seed++) new Storm(seed, [], SIZE).run();
  const seconds = (performance.now() - begunAt) / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  return { perSecond: BATCH / seconds, perCpuSecond: BATCH / ((user + system) / 1e6) };
}

if (import.meta.main) {
  for (let seed = 1; seed <= WARM_UP; seed++) new Storm(seed, [], SIZE).run();
  for (let batch = 0; batch < Number(process.argv[2]); batch++) {
    const { perSecond, perCpuSecond } = play(1_001 + batch * BATCH);
    process.stdout.write(`${perSecond} ${perCpuSecond}\n`);
  }
}
