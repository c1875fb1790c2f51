// SPDX-License-Identifier: Apache-2.0
/** What the rounds of both come to: medians beside medians, with how far apart the runs were. */
import { rounded, spreadOf, type Figure } from '../../figure.ts';
import type { Memory } from './host-cost.ts';
import type { ActName, Failover, Idle, Round } from './rounds.ts';

const HOSTS = 2;
/** What must be reached: a share of Pacemaker's figure. */
const SHARES = { 'powered-off': 0.5, frozen: 0.7, cut: 0.7, move: 1 } as const;
const MEMORY_SHARE = 0.5;

type Pair = { readonly ours: readonly number[]; readonly theirs: readonly number[] };

export function figuresOf(ours: readonly Round[], theirs: readonly Round[]): readonly Figure[] {
  const [ourIdle, theirIdle] = [ours, theirs].map((rounds) =>
    rounds.flatMap(({ idle }) => idle ?? []),
  );
  if (ourIdle === undefined || theirIdle === undefined) throw new Error('no round');
  return [
    ...(['cut', 'frozen', 'powered-off', 'move'] as const).map((act) =>
      failover(
        act,
        ours.map(({ acts }) => acts[act]),
        theirs.map(({ acts }) => acts[act]),
      ),
    ),
    memory('memory', 'pssMb', ourIdle, theirIdle, MEMORY_SHARE),
    memory('memory-unshared', 'unsharedMb', ourIdle, theirIdle),
    cpu(ourIdle, theirIdle),
  ];
}

function failover(act: ActName, ours: readonly Failover[], theirs: readonly Failover[]): Figure {
  const of = ({ lastStarted }: Failover): number => lastStarted / 1_000;
  const pair = { ours: ours.map(of), theirs: theirs.map(of) };
  const note = `ours: ${timeline(ours)}; Pacemaker's: ${timeline(theirs)}`;
  return beside(act, 's', pair, note, SHARES[act]);
}

/** Each host bears its share of the manager. */
function memory(
  name: string,
  way: keyof Memory,
  ours: readonly Idle[],
  theirs: readonly Idle[],
  share?: number,
): Figure {
  const of = (idle: Idle): number => idle.memory[way] + idle.manager[way] / HOSTS;
  const pair = { ours: ours.map(of), theirs: theirs.map(of) };
  const agent = median(ours.map((idle) => idle.memory[way]));
  const manager = median(ours.map((idle) => idle.manager[way]));
  const note = `agent ${agent} MB, manager ${manager} MB, counted as agent + manager / ${HOSTS}`;
  return beside(name, 'MB', pair, note, share);
}

function cpu(ours: readonly Idle[], theirs: readonly Idle[]): Figure {
  const of = ({ cpuPercent }: Idle): number => cpuPercent;
  const pair = { ours: ours.map(of), theirs: theirs.map(of) };
  const scripts = (idle: readonly Idle[]): number =>
    median(idle.map(({ scriptsCpuPercent }) => scriptsCpuPercent));
  const note = `daemons of a host; the scripts took ${scripts(ours)} %, Pacemaker's ${scripts(theirs)} %`;
  return beside('cpu', '% of a core', pair, note);
}

/** Without a share there is no bar: it is told beside the rest. */
function beside(
  name: string,
  unit: string,
  { ours, theirs }: Pair,
  note: string,
  share?: number,
): Figure {
  const spread = spreadOf(ours);
  const peer = spreadOf(theirs);
  const ratio = rounded(spread.p50 / peer.p50);
  return {
    figure: `beside-pacemaker-${name}`,
    value: spread.p50,
    unit,
    runs: ours.length,
    against: 'pacemaker',
    peer: peer.p50,
    ratio,
    bar: share === undefined ? 'none' : `<= ${share} x`,
    holds: share === undefined || ratio <= share,
    spread,
    note: `${note}; Pacemaker from ${peer.min} to ${peer.max} ${unit}`,
  };
}

/** Medians of what happened between the act and the last start. */
function timeline(runs: readonly Failover[]): string {
  const offs = runs.flatMap(({ off }) => off ?? []);
  const first = median(runs.map(({ firstStart }) => firstStart));
  const switched = offs.length === 0 ? '' : `off after ${median(offs)} ms, `;
  return `${switched}first start after ${first} ms`;
}

function median(samples: readonly number[]): number {
  return spreadOf(samples).p50;
}
