// SPDX-License-Identifier: Apache-2.0
/**
 * The cluster in the hands of a storm. What befalls one host is done one after the other, so that an
 * operator who has seen that a host is off does not say so while another hand switches it on.
 */
import { appendFileSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { thaw } from '../../lab/freezer.ts';
import type { LabHost } from '../../lab/host.ts';
import type { Loss } from '../../lab/loss.ts';
import type { TrialCluster } from '../trial-cluster.ts';
import { STUCK } from './faults.ts';
import { programOf } from './host-processes.ts';
import type { JournalDisk } from './journal-disk.ts';

const START_DEADLINE_MS = 5_000;
const ASK_EVERY_MS = 50;

export class Stage {
  readonly trial: TrialCluster;
  /** Absent: the journal lies beside all else, and is never full. */
  readonly journalDisk: JournalDisk | undefined;
  /** Hosts, the manager's among them, whose program was killed by us. */
  readonly killed = new Set<string>();
  readonly #losses = new Map<string, readonly Loss[]>();
  readonly #lasts = new Map<string, Promise<unknown>>();

  constructor(trial: TrialCluster, journalDisk?: JournalDisk) {
    this.trial = trial;
    this.journalDisk = journalDisk;
  }

  host(name: string): LabHost {
    return name === this.trial.manager.name ? this.trial.manager : this.trial.host(name);
  }

  get everyHost(): readonly LabHost[] {
    return [...this.trial.cluster.hosts, this.trial.manager];
  }

  /** Once whatever was begun with this target before is done. */
  async alone<T>(target: string, act: () => Promise<T>): Promise<T> {
    const before = this.#lasts.get(target) ?? Promise.resolve();
    const done = before.then(act, act);
    this.#lasts.set(target, done);
    return await done;
  }

  async lose(key: string, losses: readonly Loss[]): Promise<void> {
    this.#losses.set(key, losses);
    await this.#applyLosses();
  }

  async find(key: string): Promise<void> {
    this.#losses.delete(key);
    await this.#applyLosses();
  }

  killProgram(host: LabHost): void {
    this.killed.add(host.name);
    host.killProgram();
  }

  /** Asked for again and again: its init may not have noticed yet that it ended. */
  async startProgram(host: LabHost): Promise<void> {
    const deadline = performance.now() + START_DEADLINE_MS;
    await sleep(ASK_EVERY_MS);
    while (host.init !== undefined && programOf(host) === undefined) {
      if (performance.now() > deadline) throw new Error(`${host.name}: its program does not start`);
      await host.startProgram();
      await sleep(ASK_EVERY_MS);
    }
    this.killed.delete(host.name);
  }

  /** Wherever it runs, it does so no more, and the world's log says so. */
  endResource(resource: string): void {
    for (const { name, init } of this.trial.cluster.hosts) {
      const file = `/proc/${init?.pid ?? 0}/root/run/resource-agents/Recorded-${resource}`;
      if (init === undefined || !existsSync(file)) continue;
      rmSync(file, { force: true });
      const world = join(this.trial.cluster.lab.directory, 'world.log');
      appendFileSync(world, `${Date.now()} ${resource} ${name} stopped\n`);
    }
  }

  /** What froze by itself goes on, or dies of what it was sent meanwhile. */
  async thawScripts(host: LabHost): Promise<void> {
    const file = join(host.directory, 'freezer');
    if (!existsSync(file)) return;
    const cgroup = join(readFileSync(file, 'utf8').trim(), STUCK);
    if (existsSync(cgroup)) await thaw(cgroup, 0);
  }

  /** Nothing is broken any more; what is off stays off. */
  async mendAll(): Promise<void> {
    this.#losses.clear();
    this.trial.clearFaults();
    this.journalDisk?.makeRoom(this.trial.manager);
    await this.#applyLosses();
    await Promise.all(this.everyHost.map((host) => this.#mend(host)));
  }

  async #mend(host: LabHost): Promise<void> {
    await this.alone(host.name, async () => {
      if (host !== this.trial.manager) await this.trial.cluster.bmc(host.name).mend();
      // It may be switched off by a fence at any of these moments.
      await host.mendCable().catch(() => undefined);
      await host.thaw().catch(() => undefined);
      await this.thawScripts(host);
      await host.continueProgram().catch(() => undefined);
      if (this.killed.has(host.name)) await this.startProgram(host);
    });
  }

  async #applyLosses(): Promise<void> {
    await this.alone('switch', () =>
      this.trial.cluster.lab.lose(...[...this.#losses.values()].flat()),
    );
  }
}
