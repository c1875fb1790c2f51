// SPDX-License-Identifier: Apache-2.0
/** The stage of a scenario: a simulated cluster, its clock, and the lines that its manager tells. */
import type { Fact, Verb } from '../core/messages.ts';
import { Calm, calmFate, Misfortune } from './scenario-calm.ts';
import { buildCluster, getPreset, parseDuration, type Preset } from './scenario-clusters.ts';
import { factLine, statusLines } from './scenario-words.ts';
import type { SimDevice } from './sim-device.ts';
import type { SimManager } from './sim-manager.ts';
import { World } from './world.ts';

const BOOT_MS = 25_000;
const SETTLE_MAX_MS = 120_000;
const UNTIL_MAX_MS = 3_600_000;
const GRAIN_MS = 10;

export class Stage {
  readonly misfortune = new Misfortune();
  readonly #settings = new Map<string, string>();
  /** What has been told and not been taken. */
  #told: string[] = [];
  #facts: Fact[] = [];
  #cluster: Preset | undefined;
  #world: World | undefined;
  #second: SimManager | undefined;
  /** The clock counts from here. */
  #origin: number | undefined;

  choose(cluster: string): void {
    if (this.#cluster !== undefined) throw new Error('there is a cluster already');
    this.#cluster = getPreset(cluster);
  }

  set(key: string, value: string): void {
    if (this.#world !== undefined) throw new Error('set comes before anything happens');
    this.#settings.set(key, value);
  }

  get world(): World {
    if (this.#world !== undefined) return this.#world;
    if (this.#cluster === undefined) throw new Error('name the cluster first: cluster pair');
    const world = new World(
      buildCluster(this.#cluster, this.#settings),
      new Calm(0),
      calmFate(this.misfortune),
    );
    world.onFact = (fact, at): void => {
      this.#facts.push(fact);
      this.misfortune.noteFact(fact.name);
      const line = factLine(fact, at - (this.#origin ?? 0));
      if (line !== undefined) this.#told.push(line);
    };
    this.#world = world;
    return world;
  }

  takeLines(): string[] {
    return this.#told.splice(0);
  }

  boot(hosts: readonly string[]): void {
    for (const host of hosts) this.world.powerOn(host);
    this.wait(BOOT_MS);
  }

  /** Everything runs at home, every fence device is proven, and nothing of how it came to that is told. */
  run(): void {
    const { world } = this;
    this.boot(world.all.map(({ name }) => name));
    world.manager.start();
    const giveUpAt = world.schedule.now + SETTLE_MAX_MS;
    while (!this.#isWell()) {
      if (world.schedule.now > giveUpAt)
        throw new Error(`not well: ${this.takeLines().join('; ')}`);
      this.wait(1_000);
    }
    this.#origin = world.schedule.now;
    this.takeLines();
  }

  startManager(): void {
    this.#origin ??= this.world.schedule.now;
    this.world.manager.start();
  }

  /** Somebody starts a second manager: with a copy of the journal, or with one of its own. */
  startSecond(ownJournal: boolean): void {
    const { disk } = this.world.manager;
    this.#second = this.world.newManager(
      ownJournal
        ? { journal: 'another', epoch: 0, saved: new Map() }
        : { ...disk, saved: new Map(disk.saved) },
    );
    this.#second.start();
  }

  wait(forMs: number): void {
    const { schedule } = this.world;
    schedule.runUntil(schedule.now + forMs);
  }

  waitUntil(name: string): void {
    const { schedule } = this.world;
    const giveUpAt = schedule.now + UNTIL_MAX_MS;
    const seen = this.#facts.length;
    while (!this.#facts.slice(seen).some((fact) => fact.name === `ha.${name}`)) {
      if (schedule.now >= giveUpAt) throw new Error(`${name} does not happen in an hour`);
      this.wait(GRAIN_MS);
    }
  }

  order(verb: Verb, target: string, force: boolean): void {
    const place = this.#told.length;
    const id = this.world.order(verb, target, force);
    this.wait(GRAIN_MS);
    this.#told.splice(place, 0, this.world.answers.get(id) ?? 'no answer: no manager is there');
  }

  tellStatus(): void {
    const { manager, schedule, spec } = this.world;
    const { state } = manager;
    const lines = state === undefined ? undefined : statusLines(spec, state, schedule.now);
    this.#told.push(...(lines ?? ['no manager is there']));
  }

  device(name: string): SimDevice {
    const device = this.world.devices.get(name);
    if (device === undefined) throw new Error(`no such fence device: ${name}`);
    return device;
  }

  stallManager(duration: string | undefined): void {
    this.world.manager.stall(parseDuration(duration));
  }

  #isWell(): boolean {
    const { manager, spec } = this.world;
    const { state } = manager;
    if (state === undefined) return false;
    const proven = [...state.hosts.values()].every((host) =>
      [...host.devices.values()].every(({ trust }) => trust === 'proven'),
    );
    const home = [...spec.groups.values()].every((group) =>
      group.resources.every(
        ({ name }) =>
          spec.mode === 'observe' ||
          state.groups.get(group.name)?.known.get(group.homeHost)?.get(name)?.status === 'running',
      ),
    );
    return proven && home;
  }
}
