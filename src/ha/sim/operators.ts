// SPDX-License-Identifier: Apache-2.0
/**
 * Administrators. In the storm they give orders at random and move unmanaged groups by hand, as careful
 * people do; in the calm they do what the manager asks of them.
 */
import type { Swarm } from '../../sim/swarm.ts';
import { VERBS } from '../core/messages.ts';
import { listOf } from '../core/spec.ts';
import type { Bystander } from './bystander.ts';
import type { FaultName } from './faults.ts';
import type { World } from './world.ts';

export class Operators {
  readonly #world: World;
  readonly #faults: Swarm<FaultName>;
  readonly #bystander: Bystander;
  readonly #unmanagedAt = new Map<string, number>();

  constructor(world: World, faults: Swarm<FaultName>, bystander: Bystander) {
    this.#world = world;
    this.#faults = faults;
    this.#bystander = bystander;
  }

  /** A moment of the storm. */
  meddle(): void {
    const world = this.#world;
    const faults = this.#faults;
    const random = faults.stream('orders');
    if (faults.strikes('orders')) {
      const verb = random.pick(VERBS.filter((one) => one !== 'confirm-off'));
      const groups = ['manage', 'unmanage', 'cleanup'];
      const names = groups.includes(verb) ? world.spec.groups : world.spec.hosts;
      const target = random.pick([...names.keys()]);
      const force = random.chance(0.3);
      if (verb === 'fence' || verb === 'power-off') this.#bystander.touch(target);
      if (verb === 'unmanage') this.#unmanagedAt.set(target, world.schedule.now);
      else if (verb === 'manage') this.#unmanagedAt.delete(target);
      const id = world.order(verb, target, force);
      if (verb === 'power-off' && !force) this.#bystander.noteGentle(id, target);
    }
    if (faults.strikes('orders')) {
      const off = world.all.find((host) => !host.powered);
      if (off !== undefined) world.powerOn(off.name);
    }
    if (faults.strikes('handMoves') && !this.#bystander.notAlone) this.#moveByHand();
  }

  /** An administrator moves an unmanaged group himself, carefully: all is quiet and everybody is well. */
  #moveByHand(): void {
    const world = this.#world;
    const { state } = world.manager;
    for (const group of world.spec.groups.values()) {
      const since = this.#unmanagedAt.get(group.name);
      if (since === undefined || world.schedule.now - since < 60_000 || state === undefined)
        continue;
      if (state.groups.get(group.name)?.managed !== false) continue;
      const hosts = listOf(group).map((name) => world.host(name));
      const quiet = hosts.every(
        (host) =>
          this.#bystander.isWell(host) && group.resources.every(({ name }) => !host.busy(name)),
      );
      const holder = hosts.find((host) =>
        group.resources.some(({ name }) => host.active.has(name)),
      );
      const to = hosts.find((host) => host !== holder);
      if (!quiet || to === undefined) continue;
      for (const { name } of group.resources) holder?.active.delete(name);
      for (const { name } of group.resources) to.active.add(name);
      world.look(`${group.name} is moved by hand`);
    }
  }

  /** What the manager asks for, an operator does. */
  help(): void {
    const world = this.#world;
    const { state } = world.manager;
    if (state === undefined) return;
    for (const host of state.hosts.values()) {
      const real = world.host(host.name);
      if (!host.active) world.order('activate', host.name);
      const waiting = host.fence?.phase === 'held' || host.fence?.phase === 'pause';
      if (
        waiting ||
        (host.contact.status === 'silent' && host.off === undefined && host.notFenced !== undefined)
      ) {
        if (real.powered) world.powerOff(host.name);
        else world.order('confirm-off', host.name);
        continue;
      }
      if (!real.powered && host.off?.confirmed === true) world.powerOn(host.name);
      else if (!real.powered && host.fence === undefined && host.contact.status !== 'silent')
        world.powerOn(host.name);
      if (real.kernelAnswers) real.startAgent();
      const wrong = [...host.devices.values()].some((device) => device.trust === 'wrong');
      if (host.fencedAt !== undefined || wrong) world.order('reset', host.name);
    }
    for (const group of state.groups.values()) {
      if (!group.managed) world.order('manage', group.name);
      const stuck = [...group.known].some(
        ([host, onHost]) =>
          state.hosts.get(host)?.notFenced !== undefined &&
          [...onHost.values()].some((known) => known.doubt === 'stop-failed'),
      );
      if (group.failed !== undefined || stuck) world.order('cleanup', group.name);
    }
  }
}
