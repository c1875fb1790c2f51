// SPDX-License-Identifier: Apache-2.0
/** What the rounds of both come to: medians beside medians, with how far apart the runs were. */
import { rounded, spreadOf, type Figure, type Spread } from '../../figure.ts';
import type { ActName, Failover, Round } from './rounds.ts';

const HOSTS = 2;
/** What must be reached: a share of Pacemaker's figure. */
const SHARES = { 'powered-off': 0.5, frozen: 0.7, cut: 0.7, move: 1 } as const;
const MEMORY_SHARE = 0.5;

type Both = {
  readonly ours: readonly Round[];
  readonly theirs: readonly Round[];
};

export function figuresOf(ours: readonly Round[], theirs: readonly Round[]): readonly Figure[] {
  const both = { ours, theirs };
  const failovers = (['cut', 'frozen', 'powered-off', 'move'] as const).map((act) =>
    failover(act, both),
  );
  return [...failovers, memory(both), cpu(both)];
}

function failover(act: ActName, both: Both): Figure {
  const of = (round: Round): number => round.acts[act].lastStarted / 1_000;
  const words = (rounds: readonly Round[]): string => timeline(rounds.map(({ acts }) => acts[act]));
  const note = `ours: ${words(both.ours)}; Pacemaker's: ${words(both.theirs)}`;
  return beside(act, 's', both, of, SHARES[act], note);
}

/** Each host bears its share of the manager. */
function memory(both: Both): Figure {
  const of = ({ idle }: Round): number => idle.memoryMb + idle.managerMb / HOSTS;
  const agent = median(both.ours.map(({ idle }) => idle.memoryMb));
  const manager = median(both.ours.map(({ idle }) => idle.managerMb));
  const note = `agent ${agent} MB, manager ${manager} MB, counted as agent + manager / ${HOSTS}; page frames mapped by the daemons of a host, each once`;
  return beside('memory', 'MB', both, of, MEMORY_SHARE, note);
}

/** Asked by nobody: told beside the rest. */
function cpu(both: Both): Figure {
  const of = ({ idle }: Round): number => idle.cpuPercent;
  const scripts = (rounds: readonly Round[]): number =>
    median(rounds.map(({ idle }) => idle.scriptsCpuPercent));
  const note = `daemons of a host with ten resources; the scripts took ${scripts(both.ours)} %, Pacemaker's ${scripts(both.theirs)} %`;
  return beside('cpu', '% of a core', both, of, Infinity, note);
}

function beside(
  name: string,
  unit: string,
  { ours, theirs }: Both,
  of: (round: Round) => number,
  share: number,
  note: string,
): Figure {
  const spread = spreadOf(ours.map(of));
  const peer = spreadOf(theirs.map(of));
  const ratio = rounded(spread.p50 / peer.p50);
  return {
    figure: `beside-pacemaker-${name}`,
    value: spread.p50,
    unit,
    runs: ours.length,
    against: 'pacemaker',
    peer: peer.p50,
    ratio,
    bar: share === Infinity ? 'none' : `<= ${share} x`,
    holds: ratio <= share,
    spread,
    note: `${note}; Pacemaker from ${peer.min} to ${peer.max} ${unit}`,
  };
}

/** Medians of what happened between the act and the last start. */
function timeline(runs: readonly Failover[]): string {
  const offs = runs.flatMap(({ off }) => (off === undefined ? [] : [off]));
  const first = median(runs.map(({ firstStart }) => firstStart));
  const switched = offs.length === 0 ? '' : `off after ${median(offs)} ms, `;
  return `${switched}first start after ${first} ms`;
}

function median(samples: readonly number[]): Spread['p50'] {
  return spreadOf(samples).p50;
}
