// SPDX-License-Identifier: Apache-2.0
/**
 * What the manager costs with 256 and with 1,000 agents, and whether it is mistaken about one of them.
 *
 * The manager is the shipped one: its process, configuration, journal, fence programs, mTLS. Of the
 * agents everything is real that the manager can tell, but they share processes and run no scripts
 * (scale-agents.ts): two thousand real monitors in five seconds would measure the scripts. Each host has
 * eight resources at home, in four groups, and watches the eight of its partner, too.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Bench, BenchOptions } from '../bench.ts';
import { rounded, spreadOf, type Figure } from '../figure.ts';
import { costOf, type ProcessCost } from './process-cost.ts';
import { ScaleCluster, unfitOf } from './scale-cluster.ts';

const HOST_TIMEOUT = 'heartbeat_timeout 1s, monitors 5s, mTLS';
const STATUS_EVERY_MS = 10_000;
const STATUS_DEADLINE_MS = 60_000;
/** The start has its own garbage, which is gone by then. */
const SETTLE_MS = 20_000;

type Watched = {
  readonly cpuPercent: number;
  readonly before: ProcessCost;
  readonly after: ProcessCost;
  /** Of each `status`. */
  readonly statusMs: readonly number[];
  /** What was told of a host, a group or a device, or did not run, when nothing was wrong. */
  readonly falseAlarms: readonly string[];
};

export const SCALE_256: Bench = {
  name: 'manager-256',
  about: 'the manager with 256 agents: CPU and memory, 3 minutes',
  run: async (options) => {
    const watched = await watch(
      { size: 256, crowds: 1, minutes: options.quick ? 0.5 : 2 },
      options,
    );
    return [cpuFigure('manager-256-cpu', watched, 35), memoryFigure(watched)];
  },
};

export const SCALE_1000: Bench = {
  name: 'manager-1000',
  about: 'the manager with 1,000 agents: CPU and false alarms, 12 minutes',
  run: async (options) => {
    const watched = await watch(
      { size: 1_000, crowds: 2, minutes: options.quick ? 1 : 10 },
      options,
    );
    return [cpuFigure('manager-1000-cpu', watched, 100), alarmFigure(watched)];
  },
};

async function watch(
  { size, crowds, minutes }: { size: number; crowds: number; minutes: number },
  { say }: BenchOptions,
): Promise<Watched> {
  await using cluster = await ScaleCluster.start(size, crowds, say);
  say('every group is started');
  await cluster.untilWell();
  await sleep(SETTLE_MS);
  const newest = (await cluster.warnings()).at(-1)?.id ?? 0;
  say(`steady for ${minutes} minutes`);
  const before = costOf(cluster.managerPid);
  const begunAt = performance.now();
  const statusMs: number[] = [];
  const unfit: string[] = [];
  while (performance.now() - begunAt < minutes * 60_000) {
    await sleep(STATUS_EVERY_MS);
    const askedAt = performance.now();
    const status = await cluster.client.status(AbortSignal.timeout(STATUS_DEADLINE_MS));
    statusMs.push(performance.now() - askedAt);
    unfit.push(...unfitOf(status), ...status.alarms.map(({ text }) => text));
  }
  const after = costOf(cluster.managerPid);
  const cpuPercent = ((after.cpuMs - before.cpuMs) / (performance.now() - begunAt)) * 100;
  const told = (await cluster.warnings()).filter(({ id }) => id > newest);
  const falseAlarms = [...unfit, ...told.map(({ name, host = '' }) => `${name} ${host}`)];
  return { cpuPercent, before, after, statusMs, falseAlarms };
}

function cpuFigure(figure: string, { cpuPercent, statusMs }: Watched, most: number): Figure {
  const { p50, max } = spreadOf(statusMs);
  return {
    figure,
    value: rounded(cpuPercent),
    unit: '% of a core',
    runs: 1,
    bar: `<= ${most} % (${HOST_TIMEOUT})`,
    holds: cpuPercent <= most,
    note: `status meanwhile, every ${STATUS_EVERY_MS / 1_000} s: p50 ${p50} ms, max ${max} ms`,
  };
}

function memoryFigure({ after }: Watched): Figure {
  return {
    figure: 'manager-256-memory',
    value: rounded(after.residentMb),
    unit: 'MB',
    runs: 1,
    bar: '<= 250 MB',
    holds: after.residentMb <= 250,
    note: `at the most ${rounded(after.residentMbMax)} MB, while everything was started`,
  };
}

function alarmFigure({ falseAlarms }: Watched): Figure {
  return {
    figure: 'manager-1000-false-alarms',
    value: falseAlarms.length,
    unit: 'alarms',
    runs: 1,
    bar: '0 in 10 minutes: no host silent, no fence, no warning',
    holds: falseAlarms.length === 0,
    note: falseAlarms.slice(0, 5).join('; ') || 'none',
  };
}
