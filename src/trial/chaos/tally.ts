// SPDX-License-Identifier: Apache-2.0
/** What a run of chaos comes to: its counts, and what was wrong. */
import type { TrialCluster } from '../trial-cluster.ts';
import type { Checker } from './checker.ts';

export type ChaosReport = {
  readonly seed: number;
  readonly hosts: number;
  readonly minutes: number;
  readonly storms: number;
  readonly faults: Readonly<Record<string, number>>;
  readonly orders: Readonly<Record<string, number>>;
  /** Of resources, and of hosts' power, by the world's log. */
  readonly starts: number;
  readonly powerOffs: number;
  /** From the end of a storm until all ran, in seconds. */
  readonly wellAgain: { readonly median: number; readonly max: number };
  readonly managerMbMax: number;
  readonly agentMbMax: number;
  /** The longest life of a process whose memory was watched, in seconds. */
  readonly watchedLongest: number;
  readonly violations: readonly string[];
};

export class Tally {
  readonly #counts = { fault: new Map<string, number>(), order: new Map<string, number>() };
  readonly #wellAgainMs: number[] = [];

  count(kind: 'fault' | 'order', name: string): void {
    const counts = this.#counts[kind];
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }

  wellAgain(afterMs: number): void {
    this.#wellAgainMs.push(afterMs);
  }

  report(seed: number, trial: TrialCluster, checker: Checker, forMs: number): ChaosReport {
    const wellMs = this.#wellAgainMs.toSorted((a, b) => a - b);
    const seconds = (ms: number): number => Math.round(ms / 100) / 10;
    const peaks = [...checker.memory.peaks()];
    const isManagers = ([name]: [string, number]): boolean => name === trial.manager.name;
    const most = (some: readonly [string, number][]): number =>
      Math.max(0, ...some.map(([, mb]) => mb));
    return {
      seed,
      hosts: trial.cluster.hosts.length,
      minutes: Math.round(forMs / 6_000) / 10,
      storms: wellMs.length,
      faults: sorted(this.#counts.fault),
      orders: sorted(this.#counts.order),
      starts: trial.lines.filter(({ what }) => what === 'start').length,
      powerOffs: trial.lines.filter(({ what }) => what === 'off').length,
      wellAgain: {
        median: seconds(wellMs[Math.floor(wellMs.length / 2)] ?? 0),
        max: seconds(wellMs.at(-1) ?? 0),
      },
      managerMbMax: most(peaks.filter(isManagers)),
      agentMbMax: most(peaks.filter((peak) => !isManagers(peak))),
      watchedLongest: Math.round(checker.memory.longestMs / 1_000),
      violations: checker.violations,
    };
  }
}

function sorted(counts: ReadonlyMap<string, number>): Readonly<Record<string, number>> {
  return Object.fromEntries([...counts].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
