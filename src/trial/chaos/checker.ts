// SPDX-License-Identifier: Apache-2.0
/**
 * Looks at the world all the time, and never asks the product: the log of starts and stops, the
 * canaries, the hosts' /run, the daemons' memory and logs. What it finds wrong ends the run.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LabHost } from '../../lab/host.ts';
import { programOf, sampleOf } from './host-processes.ts';
import { LogJudge } from './log-judge.ts';
import { MemoryJudge } from './memory.ts';
import { RunJudge } from './run-judge.ts';
import type { Stage } from './stage.ts';

const LOOK_EVERY_MS = 40;
/** In looks. */
const INSPECT_EVERY = 50;
/** Inspections without its program after which a host must have lost it. */
const MISSED_MAX = 3;

export class Checker implements AsyncDisposable {
  /** In words. Must stay empty. */
  readonly violations: string[] = [];
  readonly memory = new MemoryJudge();
  readonly #stage: Stage;
  readonly #found: (violation: string) => void;
  readonly #runs: RunJudge;
  readonly #logs: LogJudge;
  readonly #missed = new Map<string, number>();
  readonly #stop = new AbortController();
  readonly #looking: Promise<void>;
  #complaints = 0;

  constructor(stage: Stage, found: (violation: string) => void) {
    this.#stage = stage;
    this.#found = found;
    const hosts = stage.trial.cluster.hosts;
    this.#runs = new RunJudge(hosts.map((host) => ({ name: host.name, run: () => runOf(host) })));
    this.#logs = new LogJudge(stage.everyHost);
    this.#looking = this.#look();
  }

  /** By the hosts' own /run. */
  holders(resource: string): readonly string[] {
    return this.#runs.holders().get(resource) ?? [];
  }

  report(violation: string): void {
    this.violations.push(violation);
    this.#found(violation);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#looking;
  }

  async #look(): Promise<void> {
    for (let looks = 1; !this.#stop.signal.aborted; looks += 1) {
      this.#judgeOverlaps();
      if (looks % INSPECT_EVERY === 0) this.#inspect();
      await sleep(LOOK_EVERY_MS, undefined, { signal: this.#stop.signal }).catch(() => undefined);
    }
  }

  #judgeOverlaps(): void {
    const { trial } = this.#stage;
    trial.look();
    const fresh = trial.complaints.slice(this.#complaints);
    this.#complaints = trial.complaints.length;
    for (const text of [...fresh, ...this.#runs.look()]) this.report(`twice: ${text}`);
  }

  #inspect(): void {
    for (const text of this.#logs.look()) this.report(`log: ${text}`);
    for (const host of this.#stage.everyHost) {
      const sample = sampleOf(host);
      const growth = sample === undefined ? undefined : this.memory.see(sample);
      if (growth !== undefined) this.report(`memory: ${growth}`);
      this.#judgeLife(host);
    }
  }

  #judgeLife(host: LabHost): void {
    const { name } = host;
    const must = existsSync(join(host.directory, 'up')) && !this.#stage.killed.has(name);
    const isLost = must && host.init !== undefined && programOf(host) === undefined;
    const missed = isLost ? (this.#missed.get(name) ?? 0) + 1 : 0;
    this.#missed.set(name, missed);
    if (missed === MISSED_MAX) this.report(`ended: the program of ${name}, by itself`);
  }
}

function runOf({ init }: LabHost): string | undefined {
  return init === undefined ? undefined : `/proc/${init.pid}/root/run`;
}
