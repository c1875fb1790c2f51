// SPDX-License-Identifier: Apache-2.0
/** What befalls hosts, links, devices and the manager in a storm. */
import type { Swarm } from '../../sim/swarm.ts';
import type { Bystander } from './bystander.ts';
import type { FaultName } from './faults.ts';
import type { Link } from './network.ts';
import type { DeviceFault } from './sim-device.ts';
import type { SimHost } from './sim-host.ts';
import type { SimManager } from './sim-manager.ts';
import { epochKey, type World } from './world.ts';

export class Strikes {
  readonly #world: World;
  readonly #faults: Swarm<FaultName>;
  readonly #bystander: Bystander;
  readonly #miswired: boolean;
  #second: SimManager | undefined;

  constructor(world: World, faults: Swarm<FaultName>, bystander: Bystander) {
    this.#world = world;
    this.#faults = faults;
    this.#bystander = bystander;
    this.#miswired = faults.strikes('miswired');
    this.#breakDevices();
  }

  /** A moment of the storm. */
  strike(): void {
    this.#strikeHost();
    this.#strikeManager();
  }

  /** Whatever is broken is mended, and one manager is started anew, above all others. */
  mend(): void {
    const world = this.#world;
    this.#faults.on = false;
    if (this.#second !== undefined) {
      world.forgotten.add(epochKey(this.#second.epoch));
      this.#second.halt();
    }
    for (const host of world.all) {
      clear(world.network.link(host.name));
      host.thaw();
      host.isStrange = false;
      world.powerOn(host.name);
      host.startAgent();
    }
    for (const device of world.devices.values())
      device.repair(world.host(device.name.split('/')[0] ?? ''));
    world.manager.halt();
    world.manager.disk.epoch = Math.floor(world.schedule.now) + 1;
    for (const host of world.all) host.forgetEpoch(world.manager.disk.journal);
    world.manager.start();
  }

  #breakDevices(): void {
    const kinds: DeviceFault[] = ['drops', 'always-off', 'lies', 'cached', 'with-host'];
    const devices = [...this.#world.devices.values()];
    const random = this.#faults.stream('deviceFault');
    const kind = random.pick(kinds);
    for (const device of devices) {
      if (this.#faults.strikes('deviceFault')) device.fault = kind;
    }
    if (!this.#miswired) return;
    // One of two supplies of another host: nobody vanishes, and nobody can tell. See ADR 1, assumptions.
    const single = devices.filter((device) => device.target.host.supplies.length === 1);
    if (single.length < 2) return;
    const one = random.pick(single);
    const other = random.pick(single.filter((device) => device.target.host !== one.target.host));
    [one.target, other.target] = [other.target, one.target];
    one.fault = other.fault = undefined;
  }

  #strikeHost(): void {
    const world = this.#world;
    const faults = this.#faults;
    const host = faults.stream('cut').pick(world.all);
    // A wrongly wired device can be found out only while its other end is well: see ADR 1.
    if (
      this.#miswired &&
      world.all.some((other) => other !== host && !this.#bystander.isKnownToLive(other))
    )
      return;
    // A lie about a host that nobody hears cannot be found out either.
    const liars = [...world.devices.values()].filter((one) => one.fault === 'lies');
    const isManagers = host.name === world.spec.managerHost;
    const mustBeHeard = liars.some((one) => isManagers || one.target.host === host);
    if (!mustBeHeard) this.#strikeContact(host);
    this.#strikePower(host);
  }

  #strikeContact(host: SimHost): void {
    const world = this.#world;
    const faults = this.#faults;
    const link = world.network.link(host.name);
    if (faults.strikes('cut'))
      this.#for(
        'cut',
        () => Object.assign(link, { lostTo: true, lostFrom: true, lostPeers: true }),
        () => clear(link),
      );
    if (faults.strikes('cutOneWay')) {
      const way = faults.stream('cutOneWay').pick(['lostTo', 'lostFrom'] as const);
      this.#for(
        'cutOneWay',
        () => Object.assign(link, { [way]: true, lostPeers: true }),
        () => clear(link),
      );
    }
    if (faults.strikes('managerPath'))
      this.#for(
        'managerPath',
        () => Object.assign(link, { lostTo: true, lostFrom: true }),
        () => clear(link),
      );
    if (faults.strikes('freeze'))
      this.#for(
        'freeze',
        () => host.freeze(),
        () => host.thaw(),
      );
  }

  #strikePower(host: SimHost): void {
    const world = this.#world;
    const faults = this.#faults;
    if (faults.strikes('powerCut'))
      this.#for(
        'powerCut',
        () => world.powerOff(host.name),
        () => world.powerOn(host.name),
      );
    if (faults.strikes('supplyCut'))
      this.#for(
        'supplyCut',
        () => host.setSupply(0, false),
        () => host.setSupply(0, true),
      );
    if (faults.strikes('reboot')) {
      world.powerOff(host.name);
      world.powerOn(host.name);
    }
    if (faults.strikes('agentKill'))
      this.#for(
        'agentKill',
        () => host.killAgent(),
        () => host.startAgent(),
      );
    if (faults.strikes('agentGarbled'))
      this.#for(
        'agentGarbled',
        () => (host.isStrange = true),
        () => (host.isStrange = false),
      );
    if (faults.strikes('resourceDies')) {
      const [first] = host.active;
      if (first !== undefined) host.active.delete(first);
    }
  }

  #strikeManager(): void {
    const world = this.#world;
    const faults = this.#faults;
    if (faults.strikes('managerCrash')) world.manager.crash();
    if (faults.strikes('managerStall'))
      world.manager.stall(faults.stream('managerStall').between(1_000, 60_000));
    if (!faults.strikes('secondManager') || this.#second !== undefined) return;
    const random = faults.stream('secondManager');
    const { disk } = world.manager;
    const second = world.newManager({
      journal: random.chance(0.5) ? disk.journal : 'second',
      epoch: disk.epoch,
      saved: new Map(random.chance(0.5) ? disk.saved : []),
    });
    this.#second = second;
    this.#bystander.notAlone = true;
    second.start();
  }

  /** Trouble for a while, somewhere between a blink and two minutes. */
  #for(fault: FaultName, begin: () => void, end: () => void): void {
    const world = this.#world;
    begin();
    this.#bystander.touchAll();
    world.schedule.after(this.#faults.stream(fault).between(500, 120_000), () => {
      this.#bystander.touchAll();
      end();
    });
  }
}

function clear(link: Link): void {
  Object.assign(link, { lostTo: false, lostFrom: false, lostPeers: false });
}
