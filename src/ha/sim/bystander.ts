// SPDX-License-Identifier: Apache-2.0
/** Watches a storm for what must not happen although nothing runs twice: false alarms and needless fences. */
import type { Swarm } from '../../sim/swarm.ts';
import type { Fact } from '../core/messages.ts';
import { Violation } from './checker.ts';
import { SIM_HEARTBEAT_MS } from './cluster-shapes.ts';
import { SCRIPT_FAULTS, type FaultName } from './faults.ts';
import type { SimHost } from './sim-host.ts';
import type { World } from './world.ts';

export class Bystander {
  /** Another manager is, or was, about. */
  notAlone = false;
  readonly #world: World;
  readonly #faults: Swarm<FaultName>;
  /** When each host had trouble last. */
  readonly #troubledAt = new Map<string, number>();
  /** How often a host had booted when it was confirmed off. */
  readonly #offSince = new Map<string, number>();
  /** Orders to switch a host off, unless it carries something, with the host. */
  readonly #gentle = new Map<string, string>();

  constructor(world: World, faults: Swarm<FaultName>) {
    this.#world = world;
    this.#faults = faults;
    world.onFact = (fact) => this.#onFact(fact);
    world.onCommand = (command) => {
      if (command.type === 'answer-order' && command.outcome === 'accepted')
        this.#assertIdle(this.#gentle.get(command.id));
    };
  }

  isWell(host: SimHost): boolean {
    return host.agent !== undefined && !host.isStrange && this.isHeard(host);
  }

  /** Its agent, or at least its kernel. */
  isHeard(host: SimHost): boolean {
    return host.kernelAnswers && this.#world.network.isWhole(host.name);
  }

  /** The manager knows, too. */
  isKnownToLive(host: SimHost): boolean {
    const status = this.#world.manager.state?.hosts.get(host.name)?.contact.status;
    return this.isHeard(host) && (status === 'online' || status === 'refused');
  }

  touch(name: string): void {
    this.#troubledAt.set(name, this.#world.schedule.now);
  }

  noteGentle(order: string, host: string): void {
    this.#gentle.set(order, host);
  }

  /** Whoever is not well now has trouble now. */
  touchAll(): void {
    for (const host of this.#world.all) if (!this.isWell(host)) this.touch(host.name);
  }

  #onFact(fact: Fact): void {
    const world = this.#world;
    if (fact.name === 'ha.host.off' && fact.host !== undefined) {
      this.#offSince.set(fact.host, world.host(fact.host).boots);
    }
    // A device said on, perhaps from a cache: then the manager is right to doubt the off.
    if (fact.name === 'ha.host.not-off' && fact.host !== undefined)
      this.#offSince.delete(fact.host);
    if (fact.name === 'ha.group.failed' && !SCRIPT_FAULTS.some((fault) => this.#has(fault))) {
      throw new Violation(
        'false-alarm',
        `${fact.group} is given up although no script failed: ${fact.text}`,
      );
    }
    if (fact.name === 'ha.host.silent' && fact.host !== undefined)
      this.#assertIll(fact.host, 'called silent');
    if (fact.name !== 'ha.fence.begun' || fact.operator !== undefined || fact.host === undefined)
      return;
    const host = world.host(fact.host);
    const { now } = world.schedule;
    // Where fences are armed again by time, a device that tells nothing may make a second one needful.
    const alone = !this.notAlone && world.spec.fencing.rearmMs === undefined;
    if (alone && !host.powered && this.#offSince.get(host.name) === host.boots) {
      throw new Violation(
        'needless-fence',
        `${host.name} is off by a fence and is fenced again at ${now}`,
      );
    }
    if (fact.text.startsWith('it is silent')) this.#assertIll(host.name, 'fenced');
  }

  #has(fault: FaultName): boolean {
    return (this.#faults.odds.get(fault) ?? 0) > 0;
  }

  /** No host that carries something is switched off for a word without --force. */
  #assertIdle(name: string | undefined): void {
    // What is moved by hand, or by another manager, this one may be wrong about for a while.
    if (name === undefined || this.notAlone || this.#has('handMoves')) return;
    const host = this.#world.host(name);
    const carried = host.resources.find((one) => host.active.has(one) || host.starting(one));
    if (carried === undefined) return;
    throw new Violation('needless-fence', `${name} carries ${carried} and is switched off`);
  }

  /** Whoever is called silent, or fenced for it, must have had trouble not long ago. */
  #assertIll(name: string, what: string): void {
    const world = this.#world;
    const host = world.host(name);
    const { now } = world.schedule;
    const wellFor = now - Math.max(host.wellSince, this.#troubledAt.get(name) ?? 0);
    if (this.#has('delay') || !this.isWell(host) || wellFor <= 2 * SIM_HEARTBEAT_MS) return;
    throw new Violation(
      'false-alarm',
      `${name} is well for ${wellFor} ms and is ${what} at ${now}`,
    );
  }
}
