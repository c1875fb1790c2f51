// SPDX-License-Identifier: Apache-2.0
/** The simulated network: one-way loss, delay, and answers that come when nobody expects them any more. */
import type { Random } from '../../kernel/random.ts';
import type { Schedule } from '../../sim/schedule.ts';

/** What is broken on the way to one host. */
export type Link = {
  /** Messages towards the host vanish; messages from it do. */
  lostTo: boolean;
  lostFrom: boolean;
  /** The other hosts do not reach it either. */
  lostPeers: boolean;
};

export type NetworkFaults = {
  readonly delayed: () => number;
  /** A lost message comes all the same, so much later. */
  readonly late: () => number | undefined;
};

export class Network {
  readonly #links = new Map<string, Link>();
  readonly #schedule: Schedule;
  readonly #random: Random;
  readonly #faults: NetworkFaults;
  /** The managed host on which the manager runs: all it says passes that host's cable. */
  managerHost: string | undefined;

  constructor(hosts: readonly string[], schedule: Schedule, random: Random, faults: NetworkFaults) {
    for (const host of hosts) {
      this.#links.set(host, { lostTo: false, lostFrom: false, lostPeers: false });
    }
    this.#schedule = schedule;
    this.#random = random;
    this.#faults = faults;
  }

  link(host: string): Link {
    const link = this.#links.get(host);
    if (link === undefined) throw new Error(`no such host: ${host}`);
    return link;
  }

  toHost(host: string, deliver: () => void): void {
    this.#carry(this.#isLost(host, 'lostTo', 'lostFrom'), deliver);
  }

  fromHost(host: string, deliver: () => void): void {
    this.#carry(this.#isLost(host, 'lostFrom', 'lostTo'), deliver);
  }

  reaches(from: string, to: string): boolean {
    const [a, b] = [this.link(from), this.link(to)];
    return !a.lostPeers && !b.lostPeers;
  }

  /** Is the way from the manager to the host and back whole? */
  isWhole(host: string): boolean {
    return !this.#isLost(host, 'lostTo', 'lostFrom') && !this.#isLost(host, 'lostFrom', 'lostTo');
  }

  /** Does anything leave the manager's machine? */
  get managerIsOut(): boolean {
    if (this.managerHost === undefined) return true;
    return !this.link(this.managerHost).lostPeers;
  }

  #isLost(host: string, way: 'lostTo' | 'lostFrom', back: 'lostTo' | 'lostFrom'): boolean {
    if (host === this.managerHost) return false;
    const own = this.managerHost === undefined ? undefined : this.link(this.managerHost);
    return this.link(host)[way] || own?.[back] === true;
  }

  #carry(lost: boolean, deliver: () => void): void {
    if (!lost) {
      return this.#schedule.after(0.2 + this.#random.next() + this.#faults.delayed(), deliver);
    }
    const lateMs = this.#faults.late();
    if (lateMs !== undefined) this.#schedule.after(lateMs, deliver);
  }
}
