// SPDX-License-Identifier: Apache-2.0
/**
 * A whole simulated cluster: hosts, devices, network and a manager around the real core. What happens
 * to it is decided elsewhere: by a storm of faults, or by a scenario. The checker looks after every
 * change of what is active.
 */
import type { Random } from '../../kernel/random.ts';
import { Schedule } from '../../sim/schedule.ts';
import { haMachine } from '../core/cluster-machine.ts';
import type { Fact, HaCommand, HaEvent, Operation, Order, Verb } from '../core/messages.ts';
import type { BeatAnswer } from '../core/poll-cursor.ts';
import { listOf, type ClusterSpec } from '../core/spec.ts';
import { assertSingle } from './checker.ts';
import type { Shape } from './cluster-shapes.ts';
import { Network } from './network.ts';
import { SimDevice } from './sim-device.ts';
import { SimHost } from './sim-host.ts';
import type { Conduct, SimEpoch } from './sim-script.ts';
import { SimManager, type Asked, type Disk, type ManagerPorts } from './sim-manager.ts';

/** Where chance enters: what a storm draws, a scenario decides. */
export type Fate = {
  readonly conduct: (operation: Operation, resource: string, host: string) => Conduct;
  readonly monitorFails: () => boolean;
  readonly delayed: () => number;
  readonly late: () => number | undefined;
  readonly commitMs: () => number;
  readonly crashes: (point: string) => boolean;
  readonly device: () => 'silent' | 'fails' | undefined;
  /** How long a crashed manager stays down; undefined: until somebody starts it. */
  readonly downMs: () => number | undefined;
};

export class World {
  readonly schedule = new Schedule();
  readonly spec: ClusterSpec;
  readonly hosts = new Map<string, SimHost>();
  readonly devices = new Map<string, SimDevice>();
  readonly network: Network;
  readonly manager: SimManager;
  /** Facts and steps, told to whoever writes them down. */
  onFact: (fact: Fact, at: number) => void = () => {};
  /** What the manager orders, its answers to operators included. */
  onCommand: (command: HaCommand, at: number) => void = () => {};
  onStep: (cause: string, reason: string, at: number) => void = () => {};
  /** Managers that are gone for good, and whatever they had sent. */
  readonly forgotten = new Set<string>();
  #orders = 0;
  readonly #random: Random;
  readonly #fate: Fate;
  readonly answers = new Map<string, string>();

  constructor(shape: Shape, random: Random, fate: Fate) {
    this.spec = shape.spec;
    this.#random = random;
    this.#fate = fate;
    const names = [...shape.spec.hosts.keys()];
    this.network = new Network(names, this.schedule, random.fork('network'), fate);
    this.network.managerHost = shape.spec.managerHost;
    for (const name of names) this.#addHost(name, shape.supplies.get(name) ?? 1);
    this.manager = this.newManager({ journal: 'first', epoch: 0, saved: new Map() });
  }

  host(name: string): SimHost {
    const host = this.hosts.get(name);
    if (host === undefined) throw new Error(`no such host: ${name}`);
    return host;
  }

  get all(): SimHost[] {
    return [...this.hosts.values()];
  }

  powerOn(name: string): void {
    const host = this.host(name);
    for (const index of host.supplies.keys()) host.setSupply(index, true);
  }

  powerOff(name: string): void {
    const host = this.host(name);
    for (const index of host.supplies.keys()) host.setSupply(index, false);
  }

  order(verb: Verb, target: string, force = false): string {
    const id = `order${++this.#orders}`;
    this.manager.order({ id, verb, target, force, operator: 'admin', reason: '' } satisfies Order);
    return id;
  }

  look(why: string): void {
    assertSingle(this.all, this.schedule.now, why);
  }

  newManager(disk: Disk): SimManager {
    const names = [...this.spec.hosts.keys()];
    const ports: ManagerPorts = {
      schedule: this.schedule,
      makeMachine: (epoch) => haMachine(this.spec, epoch),
      identity: (name, epoch, answer) =>
        this.#askAgent(name, epoch, answer, (host, say) => say(host.agent?.incarnation ?? '')),
      watch: (name, epoch, answer) =>
        this.#askAgent<true>(name, epoch, answer, (host, say) => {
          host.watch();
          say(true);
        }),
      poll: (name, epoch, cursor, waitMs, answer) =>
        this.#askAgent<BeatAnswer>(name, epoch, answer, (host, say) =>
          host.poll(cursor, waitMs, say),
        ),
      operate: (command, epoch, answer) => this.#operate(command, epoch, answer),
      power: (command, alive, answer) => this.#power(command, alive, answer),
      reach: (command, answer) => this.#reach(command, answer),
      witness: (command, answer) => this.#witness(command, answer),
      commitMs: this.#fate.commitMs,
      crashes: this.#fate.crashes,
      onCrash: () => {
        const downMs = this.#fate.downMs();
        if (downMs === undefined) return;
        this.schedule.after(downMs, () => {
          if (!manager.halted) manager.start();
        });
      },
      observe: (step, event) => {
        this.onStep(event?.type ?? 'restore', step.reason, this.schedule.now);
        for (const command of step.commands) {
          this.onCommand(command, this.schedule.now);
          if (command.type === 'fact') this.onFact(command.fact, this.schedule.now);
          if (command.type === 'answer-order')
            this.answers.set(command.id, `${command.outcome}: ${command.text}`);
        }
      },
    };
    const manager = new SimManager(disk, names, this.spec.heartbeatTimeoutMs, ports);
    return manager;
  }

  /** Every managed group runs, all of it, on one host of its list. */
  unsettled(): string[] {
    const complaints: string[] = [];
    for (const group of this.spec.groups.values()) {
      const at = this.all.filter((host) =>
        group.resources.every(({ name }) => host.active.has(name)),
      );
      if (at.length === 1 && listOf(group).includes(at[0]?.name ?? '')) continue;
      const reason = this.manager.state?.groups.get(group.name)?.reason ?? 'the manager is down';
      complaints.push(`${group.name}: ${reason}`);
    }
    return complaints;
  }

  #addHost(name: string, supplies: number): void {
    const resources = [...this.spec.groups.values()]
      .filter((group) => listOf(group).includes(name))
      .flatMap((group) => group.resources.map((resource) => resource.name));
    const host = new SimHost(name, supplies, resources, {
      schedule: this.schedule,
      random: this.#random.fork(`host ${name}`),
      conduct: (operation, resource) => this.#fate.conduct(operation, resource, name),
      monitorFails: this.#fate.monitorFails,
      look: (why) => this.look(why),
    });
    this.hosts.set(name, host);
    const devices = this.spec.hosts.get(name)?.levels.flat() ?? [];
    for (const [supply, device] of devices.entries()) {
      this.devices.set(device, new SimDevice(device, { host, supply }, this.schedule));
    }
  }

  /** There and back again; what is lost on either way is never answered. */
  #askAgent<T>(
    name: string,
    epoch: SimEpoch,
    answer: (asked: Asked<T>) => void,
    ask: (host: SimHost, say: (value: T) => void) => void,
  ): void {
    const host = this.host(name);
    const reply = (asked: Asked<T>): void => this.network.fromHost(name, () => answer(asked));
    this.network.toHost(name, () => {
      if (!host.kernelAnswers || this.forgotten.has(epochKey(epoch))) return;
      if (host.agent === undefined) return reply({ type: 'refused', strange: false });
      if (host.isStrange) return reply({ type: 'refused', strange: true });
      const why = host.refusal(epoch);
      if (why !== undefined) return reply({ type: 'obeys-other', why });
      ask(host, (value) => reply({ type: 'answer', value }));
    });
  }

  #operate(
    command: Extract<HaCommand, { type: 'operate' }>,
    epoch: SimEpoch,
    answer: (asked: Asked<HaEvent>) => void,
  ): void {
    const { host: name, request } = command;
    this.#askAgent<HaEvent>(name, epoch, answer, (host, say) =>
      host.operate(command, (outcome, boot, incarnation) =>
        say({ type: 'operation-result', host: name, request, boot, incarnation, outcome }),
      ),
    );
  }

  #power(
    command: Extract<HaCommand, { type: 'power' }>,
    alive: () => boolean,
    answer: (event: HaEvent) => void,
  ): void {
    const { host, request, device, action } = command;
    const random = this.#random.fork(`power ${request} ${this.schedule.now}`);
    this.devices.get(device)?.run(
      action,
      random,
      this.#fate.device(),
      () => !alive(),
      (outcome) => answer({ type: 'power-result', host, request, outcome, text: outcome }),
    );
  }

  #reach(command: Extract<HaCommand, { type: 'reach' }>, answer: (event: HaEvent) => void): void {
    const { request, from, to, deadlineMs } = command;
    let open = true;
    const say = (outcome: 'yes' | 'no' | 'unknown'): void => {
      if (!open) return;
      open = false;
      answer({ type: 'reach-result', request, outcome });
    };
    this.network.toHost(from, () => {
      const asked = this.host(from);
      if (!asked.kernelAnswers || asked.agent === undefined) return;
      const yes = this.network.reaches(from, to) && this.host(to).kernelAnswers;
      this.schedule.after(yes ? 2 : deadlineMs * 0.9, () =>
        this.network.fromHost(from, () => say(yes ? 'yes' : 'no')),
      );
    });
    this.schedule.after(deadlineMs + 200, () => say('unknown'));
  }

  #witness(
    command: Extract<HaCommand, { type: 'ask-witness' }>,
    answer: (event: HaEvent) => void,
  ): void {
    const outcome = this.network.managerIsOut ? 'yes' : 'no';
    this.schedule.after(outcome === 'yes' ? 2 : command.deadlineMs, () =>
      answer({ type: 'witness-result', request: command.request, outcome }),
    );
  }
}

export function epochKey(epoch: SimEpoch): string {
  return `${epoch.journal}/${epoch.number}`;
}
