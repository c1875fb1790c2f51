// SPDX-License-Identifier: Apache-2.0
/**
 * Chaos: the shipped daemons on four to eight lab hosts, struck by storms that are drawn from a seed.
 * Nothing may run twice, everything must run again after each storm, memory must stay flat, and no
 * daemon may say what only a bug says. The first violation ends the run, and what was written is kept.
 */
import { cpSync } from 'node:fs';
import { basename } from 'node:path';
import { Random } from '../../kernel/random.ts';
import type { TrialOptions } from '../trial-cluster.ts';
import { WatchedTrial } from '../watched-trial.ts';
import { mayBeSwitchedOff } from './blame.ts';
import { calm } from './calm.ts';
import { Checker } from './checker.ts';
import { JournalDisk } from './journal-disk.ts';
import { DEPENDENTS, drawShape, planStorm, type Shape } from './plan.ts';
import { Stage } from './stage.ts';
import { playStorm, type StormOptions } from './storm.ts';
import { Tally, type ChaosReport } from './tally.ts';

export type ChaosOptions = {
  /** Where all of it lies; taken away in the end. */
  readonly directory: string;
  readonly aureole: readonly string[];
  readonly seed: number;
  readonly minutes: number;
  /** Absent: drawn from the seed. */
  readonly hosts?: number;
  readonly tell: (line: string) => void;
  readonly signal: AbortSignal;
};

const WELL_FIRST_MS = 90_000;
const HEARTBEAT_TIMEOUT = '2s';
/** The longest of faults.ts are longer, and the slowest that is well is shorter. */
const SCRIPT_TIMEOUTS = { start: '6s', stop: '6s', monitor: '5s' };
/** From this part of the run on the manager and one host are spared, so that their memory can be watched. */
const SPARED_FROM = 0.5;
const LINES_TOLD = 25;
/** No part of the story of a violation, or not to be copied. */
const NOT_KEPT: ReadonlySet<string> = new Set(['alive', 'ocf', 'disks', 'bmc.password', 'ca']);

export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const random = new Random(options.seed);
  const shape = drawShape(random.fork('shape'), options.hosts);
  const begun = performance.now();
  const tell = (text: string): void => {
    options.tell(`${((performance.now() - begun) / 1_000).toFixed(1).padStart(7)} ${text}`);
  };
  const of = JSON.stringify(shape.ha);
  tell(`seed ${options.seed}: ${shape.hosts.length} hosts, ${shape.groups.length} groups, ${of}`);
  const disk = new JournalDisk(options.directory);
  await using watched = await WatchedTrial.openWithoutManager(trialOf(shape, options, disk));
  await disk.make(watched.trial.cluster.lab);
  const stage = new Stage(watched.trial, disk);
  const ended = new AbortController();
  await using checker = new Checker(stage, (violation) => {
    tell(`VIOLATION ${violation}`);
    ended.abort();
  });
  await watched.trial.manager.powerOn();
  await watched.untilAllRun(WELL_FIRST_MS);
  const tally = new Tally();
  await playRounds({
    ...{ shape, random, tally, watched, stage, checker, tell, begun },
    ...{ aureole: options.aureole, lastMs: options.minutes * 60_000 },
    count: (kind, name) => tally.count(kind, name),
    report: (violation) => checker.report(violation),
    signal: AbortSignal.any([options.signal, ended.signal]),
  });
  if (checker.violations.length > 0) {
    await tellLast(watched, tell);
    keep(options.directory, stage, tell);
  }
  return tally.report(options.seed, watched.trial, checker, performance.now() - begun);
}

type Rounds = StormOptions & {
  readonly shape: Shape;
  readonly random: Random;
  readonly tally: Tally;
  readonly watched: WatchedTrial;
  readonly checker: Checker;
  readonly begun: number;
  readonly lastMs: number;
};

/** A round that is begun is played to its end. */
async function playRounds(rounds: Rounds): Promise<void> {
  const { shape, random, tally, watched, tell, signal, begun, lastMs } = rounds;
  const ageMs = (): number => performance.now() - begun;
  for (let round = 1; !signal.aborted && ageMs() < lastMs; round += 1) {
    const mine = random.fork(`round ${round}`);
    const storm = planStorm(mine, shape, ageMs() > lastMs * SPARED_FROM);
    tell(`storm ${round}: ${storm.strikes.length} strikes, ${storm.orders.length} orders`);
    const innocent = shape.hosts.filter((host) => !mayBeSwitchedOff(storm, shape).has(host));
    const before = innocent.map((host) => watched.trial.switchedOff(host));
    await playStorm(storm, rounds);
    const wellMs = await calm({ ...rounds, random: mine.fork('calm') });
    if (wellMs === undefined) return;
    innocent
      .filter((host, i) => watched.trial.switchedOff(host) !== before[i])
      .forEach((host) =>
        rounds.report(`needless: ${host} was switched off, and nothing was wrong with it`),
      );
    tally.wellAgain(wellMs);
    tell(`well again after ${(wellMs / 1_000).toFixed(1)} s`);
  }
}

function trialOf(
  shape: Shape,
  { directory, aureole }: ChaosOptions,
  disk: JournalDisk,
): TrialOptions {
  const { hosts, groups } = shape;
  const ha = { monitor_interval: '4s', agent_timeout: '6s', ...shape.ha };
  const times = { heartbeatTimeout: HEARTBEAT_TIMEOUT, timeouts: SCRIPT_TIMEOUTS };
  const manager = { managerWithin: disk.within, managerFlags: disk.flags };
  return { directory, aureole, hosts, groups, dependents: DEPENDENTS, ha, ...times, ...manager };
}

/** What the world and the manager said before the violation. */
async function tellLast(watched: WatchedTrial, tell: (text: string) => void): Promise<void> {
  const told = await watched.events().catch(() => []);
  for (const { atMs, resource, host, what } of watched.trial.lines.slice(-LINES_TOLD)) {
    tell(`world ${new Date(atMs).toISOString()} ${resource} ${what} on ${host}`);
  }
  for (const { time, name, host = '', group = '', text } of told.slice(-LINES_TOLD)) {
    tell(`event ${time} ${name} ${host} ${group} ${text}`);
  }
}

/** The lab takes its directory with it: what tells the story is copied beside it first. */
function keep(
  directory: string,
  { trial, journalDisk }: Stage,
  tell: (text: string) => void,
): void {
  const kept = `${directory}-kept`;
  const filter = (path: string): boolean =>
    !NOT_KEPT.has(basename(path)) && !basename(path).includes('.sock');
  cpSync(directory, kept, { recursive: true, filter });
  journalDisk?.copyTo(trial.manager, kept);
  tell(`kept in ${kept}: world.log, journal.db, hosts/*/program.log and power.log, bmcs/*`);
}
