// SPDX-License-Identifier: Apache-2.0
/**
 * One schedule: a cluster, a storm of faults drawn from a seed, then calm. In the storm nothing may
 * run twice and no healthy host be fenced without an order; after it, with an operator who does what
 * the manager asks of him, every group must run.
 */
import { Random } from '../../kernel/random.ts';
import { Swarm } from '../../sim/swarm.ts';
import type { Fact, Verb } from '../core/messages.ts';
import { listOf } from '../core/spec.ts';
import { Violation } from './checker.ts';
import { drawShape, SIM_HEARTBEAT_MS } from './cluster-shapes.ts';
import type { DeviceFault } from './sim-device.ts';
import type { Conduct, SimHost } from './sim-host.ts';
import type { SimManager } from './sim-manager.ts';
import { epochKey, World, type Fate } from './world.ts';

/** Each fault with its highest probability: a moment of misfortune comes every five seconds. */
export const FAULTS = {
  cut: 0.2,
  cutOneWay: 0.15,
  managerPath: 0.15,
  delay: 0.02,
  late: 0.5,
  freeze: 0.2,
  powerCut: 0.1,
  supplyCut: 0.15,
  reboot: 0.1,
  agentKill: 0.25,
  resourceDies: 0.3,
  scriptSlow: 0.3,
  scriptHangs: 0.2,
  scriptUnkillable: 0.3,
  scriptFails: 0.25,
  monitorFails: 0.01,
  managerCrash: 0.1,
  crashInStep: 0.05,
  managerStall: 0.1,
  slowDisk: 0.05,
  deviceSilent: 0.3,
  deviceFails: 0.3,
  deviceFault: 0.6,
  miswired: 1,
  orders: 0.5,
  handMoves: 0.5,
  secondManager: 0.03,
} as const;
export type FaultName = keyof typeof FAULTS;

/** What makes a group fail by itself. */
const SCRIPT_FAULTS: readonly FaultName[] = [
  'resourceDies',
  'scriptSlow',
  'scriptHangs',
  'scriptUnkillable',
  'scriptFails',
  'monitorFails',
  'handMoves',
  'secondManager',
];

export const STORM_MS = 600_000;
export const CALM_MS = 600_000;
const MOMENT_MS = 5_000;

export type StormReport = Readonly<{
  seed: number;
  reasons: ReadonlySet<string>;
  facts: ReadonlyMap<string, number>;
}>;

export class Storm {
  readonly world: World;
  readonly faults: Swarm<FaultName>;
  readonly #random: Random;
  readonly #facts = new Map<string, number>();
  /** Instants at which somebody outside of the manager's sight had trouble, by host. */
  readonly #troubledAt = new Map<string, number>();
  /** How often a host had booted when it was confirmed off. */
  readonly #offSince = new Map<string, number>();
  readonly #unmanagedAt = new Map<string, number>();
  readonly #second: SimManager[] = [];
  readonly #miswired: boolean;

  /** `always`: faults that this schedule must have. */
  constructor(seed: number, always: readonly FaultName[] = []) {
    this.#random = new Random(seed);
    const presence = 0.1 + 0.5 * this.#random.fork('presence').next();
    this.faults = new Swarm(this.#random.fork('swarm'), FAULTS, presence, always);
    const shape = drawShape(this.#random.fork('shape'));
    this.world = new World(shape, this.#random.fork('world'), this.#fate());
    this.world.onFact = (fact) => this.#onFact(fact);
    this.#miswired = this.faults.strikes('miswired');
    this.#breakDevices();
    for (const host of this.world.all) this.world.powerOn(host.name);
    this.world.manager.start();
    this.#moment();
  }

  run(): this {
    this.storm();
    this.calm();
    return this;
  }

  storm(): void {
    this.world.schedule.runUntil(STORM_MS);
  }

  /** The faults end, an operator helps, and everything must run. */
  calm(): void {
    this.#heal();
    const end = STORM_MS + CALM_MS;
    for (let at = STORM_MS + 20_000; at <= end; at += 20_000) {
      this.#help();
      this.world.schedule.runUntil(at);
      if (this.#isCalm() && at > STORM_MS + 120_000) return;
    }
    const complaints = this.world.unsettled();
    if (complaints.length > 0) throw new Violation('liveness', complaints.join('; '));
  }

  report(seed: number): StormReport {
    return { seed, reasons: this.world.reasons, facts: this.#facts };
  }

  #isCalm(): boolean {
    const { state } = this.world.manager;
    if (state === undefined || this.world.unsettled().length > 0) return false;
    return [...state.hosts.values()].every(
      (host) => host.fence === undefined && host.off === undefined,
    );
  }

  #fate(): Fate {
    const { faults } = this;
    return {
      conduct: (operation) => this.#conduct(operation === 'monitor'),
      monitorFails: () => faults.strikes('monitorFails'),
      delayed: () => (faults.strikes('delay') ? faults.stream('delay').between(100, 2_000) : 0),
      late: () =>
        faults.strikes('late') ? faults.stream('late').between(1_000, 60_000) : undefined,
      commitMs: () =>
        faults.strikes('slowDisk') ? faults.stream('slowDisk').between(500, 15_000) : 1,
      crashes: () => faults.strikes('crashInStep'),
      device: () => {
        if (faults.strikes('deviceSilent')) return 'silent';
        return faults.strikes('deviceFails') ? 'fails' : undefined;
      },
      downMs: () => this.#random.fork(`down ${this.world.schedule.now}`).between(500, 20_000),
    };
  }

  #conduct(isMonitor: boolean): Conduct {
    const { faults } = this;
    const random = faults.stream('scriptSlow');
    if (isMonitor) {
      const durationMs = random.between(5, faults.strikes('scriptSlow') ? 3_000 : 100);
      return {
        durationMs,
        exit: faults.strikes('monitorFails') ? 1 : 0,
        hangs: false,
        unkillable: false,
      };
    }
    const slow = faults.strikes('scriptSlow');
    const fails = faults.strikes('scriptFails');
    const unkillable = faults.strikes('scriptUnkillable');
    const durationMs = unkillable
      ? random.between(5_000, 120_000)
      : random.between(50, slow ? 25_000 : 2_000);
    const comes = !fails || random.chance(0.5);
    return {
      durationMs,
      exit: fails ? 1 : 0,
      ...(comes ? { effectShare: random.next() } : {}),
      hangs: faults.strikes('scriptHangs') && !unkillable,
      unkillable,
    };
  }

  #breakDevices(): void {
    const kinds: DeviceFault[] = ['drops', 'always-off', 'lies', 'cached', 'with-host'];
    const devices = [...this.world.devices.values()];
    const random = this.faults.stream('deviceFault');
    const kind = random.pick(kinds);
    for (const device of devices) {
      if (this.faults.strikes('deviceFault')) device.fault = kind;
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

  #moment(): void {
    const { world, faults } = this;
    world.schedule.after(MOMENT_MS, () => {
      if (!faults.on) return;
      this.#strikeHost();
      this.#strikeManager();
      this.#operators();
      this.#moment();
    });
  }

  #strikeHost(): void {
    const { faults, world } = this;
    const host = faults.stream('cut').pick(world.all);
    // A wrongly wired device can be found out only while its other end is well: see ADR 1.
    if (this.#miswired && world.all.some((other) => other !== host && !this.#isWell(other))) return;
    // A lie about a host that nobody hears cannot be found out either.
    const heard = [...world.devices.values()].some(
      (one) => one.fault === 'lies' && one.target.host === host,
    );
    if (!heard) this.#strikeContact(host);
    this.#strikePower(host);
  }

  #strikeContact(host: SimHost): void {
    const { faults, world } = this;
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
    const { faults, world } = this;
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
    if (faults.strikes('resourceDies')) {
      const [first] = host.active;
      if (first !== undefined) host.active.delete(first);
    }
  }

  #strikeManager(): void {
    const { faults, world } = this;
    if (faults.strikes('managerCrash')) world.manager.crash();
    if (faults.strikes('managerStall'))
      world.manager.stall(faults.stream('managerStall').between(1_000, 60_000));
    if (!faults.strikes('secondManager') || this.#second.length > 0) return;
    const random = faults.stream('secondManager');
    const { disk } = world.manager;
    const second = world.newManager({
      journal: random.chance(0.5) ? disk.journal : 'second',
      epoch: disk.epoch,
      saved: random.chance(0.5) ? structuredClone(disk.saved) : new Map(),
    });
    this.#second.push(second);
    second.start();
  }

  #operators(): void {
    const { faults, world } = this;
    const random = faults.stream('orders');
    if (faults.strikes('orders')) {
      const verb = random.pick<Verb>([
        'failback',
        'fence',
        'reset',
        'activate',
        'deactivate',
        'manage',
        'unmanage',
        'cleanup',
      ]);
      const groups = ['manage', 'unmanage', 'cleanup'];
      const names = groups.includes(verb) ? world.spec.groups : world.spec.hosts;
      const target = random.pick([...names.keys()]);
      if (verb === 'fence') this.#touch(target);
      if (verb === 'unmanage') this.#unmanagedAt.set(target, world.schedule.now);
      else if (verb === 'manage') this.#unmanagedAt.delete(target);
      world.order(verb, target, random.chance(0.3));
    }
    if (faults.strikes('orders')) {
      const off = world.all.find((host) => !host.powered);
      if (off !== undefined) world.powerOn(off.name);
    }
    if (faults.strikes('handMoves') && this.#second.length === 0) this.#moveByHand();
  }

  /** An administrator moves an unmanaged group himself, carefully: all is quiet and everybody is well. */
  #moveByHand(): void {
    const { world } = this;
    const { state } = world.manager;
    for (const group of world.spec.groups.values()) {
      const since = this.#unmanagedAt.get(group.name);
      if (since === undefined || world.schedule.now - since < 60_000 || state === undefined)
        continue;
      if (state.groups.get(group.name)?.managed !== false) continue;
      const hosts = listOf(group).map((name) => world.host(name));
      const quiet = hosts.every(
        (host) => this.#isWell(host) && group.resources.every(({ name }) => !host.busy(name)),
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

  /** Trouble for a while, somewhere between a blink and two minutes. */
  #for(fault: FaultName, begin: () => void, end: () => void): void {
    const { world } = this;
    const touchAll = (): void => {
      for (const host of world.all) if (!this.#isWell(host)) this.#touch(host.name);
    };
    begin();
    touchAll();
    world.schedule.after(this.faults.stream(fault).between(500, 120_000), () => {
      touchAll();
      end();
    });
  }

  #touch(name: string): void {
    this.#troubledAt.set(name, this.world.schedule.now);
  }

  #isWell(host: SimHost): boolean {
    return host.kernelAnswers && host.agent !== undefined && this.world.network.isWhole(host.name);
  }

  #onFact(fact: Fact): void {
    this.#facts.set(fact.name, (this.#facts.get(fact.name) ?? 0) + 1);
    const { world } = this;
    if (fact.name === 'ha.host.off' && fact.host !== undefined) {
      this.#offSince.set(fact.host, world.host(fact.host).boots);
    }
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
    const alone = this.#second.length === 0 && world.spec.fencing.rearmMs === undefined;
    if (alone && !host.powered && this.#offSince.get(host.name) === host.boots) {
      throw new Violation(
        'needless-fence',
        `${host.name} is off by a fence and is fenced again at ${now}`,
      );
    }
    if (fact.text.startsWith('it is silent')) this.#assertIll(host.name, 'fenced');
  }

  #has(fault: FaultName): boolean {
    return (this.faults.odds.get(fault) ?? 0) > 0;
  }

  /** Whoever is called silent, or fenced for it, must have had trouble not long ago. */
  #assertIll(name: string, what: string): void {
    const { world } = this;
    const host = world.host(name);
    const { now } = world.schedule;
    const wellFor = now - Math.max(host.wellSince, this.#troubledAt.get(name) ?? 0);
    if (this.#has('delay') || !this.#isWell(host) || wellFor <= 2 * SIM_HEARTBEAT_MS) return;
    throw new Violation(
      'false-alarm',
      `${name} is well for ${wellFor} ms and is ${what} at ${now}`,
    );
  }

  #heal(): void {
    const { world, faults } = this;
    faults.on = false;
    for (const second of this.#second) {
      world.forgotten.add(epochKey(second.epoch));
      second.halt();
    }
    for (const host of world.all) {
      clear(world.network.link(host.name));
      host.thaw();
      world.powerOn(host.name);
      host.startAgent();
    }
    for (const device of world.devices.values())
      device.repair(world.host(device.name.split('/')[0] ?? ''));
    // An operator who finds that another one has taken over starts his own anew, above the other.
    world.manager.halt();
    for (const host of world.all) host.forgetEpoch(world.manager.disk.journal);
    world.manager.start();
  }

  /** What the manager asks for, an operator does. */
  #help(): void {
    const { world } = this;
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
      if (group.failed !== undefined) world.order('cleanup', group.name);
    }
  }
}

function clear(link: { lostTo: boolean; lostFrom: boolean; lostPeers: boolean }): void {
  Object.assign(link, { lostTo: false, lostFrom: false, lostPeers: false });
}
