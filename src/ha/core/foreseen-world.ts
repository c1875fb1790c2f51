// SPDX-License-Identifier: Apache-2.0
/**
 * The world as an operator hopes it is: hosts that answer go on answering, scripts succeed at once,
 * fence devices do as they are told, and who is silent stays silent. The core is played forward in it,
 * from a state that was real, to see what it would do.
 */
import type { Instant } from '../../kernel/machine.ts';
import type { HaMachine } from './cluster-machine.ts';
import { layoutOf, type Layout } from './layout.ts';
import type { Answer, HaCommand, HaEvent, Order, PowerOutcome } from './messages.ts';
import type { ClusterSpec, DeviceName, HostName, ResourceName } from './spec.ts';
import type { ClusterState, Pending } from './state.ts';

/** One act on the cluster, in the order in which they were begun. */
export type Act = Readonly<{
  action: 'start' | 'stop' | 'power-off' | 'power-on';
  host: HostName;
  group?: string;
  resource?: ResourceName;
  device?: DeviceName;
  reason: string;
}>;

type Operate = Extract<HaCommand, { type: 'operate' }>;
type Power = Extract<HaCommand, { type: 'power' }>;
type Due = Readonly<{ at: Instant; happen: () => HaEvent | undefined }>;

/** Nothing is read from how long anything takes; it only has to come after its order. */
const ANSWER_MS = 10;
/** Looking ahead must not keep the manager from listening for a second. */
const STEPS_MAX = 4_000;
/** Quarters of a heartbeat_timeout in which nothing is begun: what still waits then waits for somebody. */
const IDLE_MAX = 8;

export class ForeseenWorld {
  readonly acts: Act[] = [];
  readonly #machine: HaMachine;
  readonly #spec: ClusterSpec;
  readonly #layout: Layout;
  readonly #present: ClusterState;
  #state: ClusterState;
  #now: Instant;
  /** In order of time: everything takes as long. */
  readonly #due: Due[] = [];
  #taken = 0;
  #steps = 0;
  #answer: Answer = { outcome: 'failed', text: 'no answer' };
  /** Hosts that answer, with their boots. */
  readonly #boots = new Map<HostName, string>();
  readonly #running = new Map<HostName, Set<ResourceName>>();
  readonly #withoutPower = new Set<HostName>();
  readonly #devices = new Map<DeviceName, 'on' | 'off'>();

  constructor(machine: HaMachine, spec: ClusterSpec, state: ClusterState, now: Instant) {
    this.#machine = machine;
    this.#spec = spec;
    this.#layout = layoutOf(spec);
    this.#present = state;
    this.#state = { ...state, lastStepAt: now };
    this.#now = now;
    for (const { name, contact, boot, off, devices } of state.hosts.values()) {
      if (contact.status === 'online' && boot !== undefined) this.#boots.set(name, boot);
      if (off?.confirmed === true) this.#withoutPower.add(name);
      for (const [device, { power }] of devices)
        if (power !== 'unknown') this.#devices.set(device, power);
    }
    for (const { known } of state.groups.values()) {
      for (const [host, onHost] of known) {
        for (const [resource, { status }] of onHost)
          if (status === 'running') this.#runningOn(host).add(resource);
      }
    }
    for (const ofHost of state.pending.values())
      for (const [request, pending] of ofHost) this.#resume(request, pending);
  }

  get now(): Instant {
    return this.#now;
  }

  /** Everybody answers or is off, all is known, and nothing is under way: without an order nothing will be. */
  get isQuiet(): boolean {
    const { hosts, groups } = this.#state;
    for (const { name, off } of hosts.values())
      if (!this.#boots.has(name) && off?.confirmed !== true) return false;
    for (const { known } of groups.values())
      for (const onHost of known.values())
        for (const { status } of onHost.values()) if (status === 'unknown') return false;
    return this.#isSettled();
  }

  give(order: Order): Answer {
    this.#step({ type: 'order', order });
    return this.#answer;
  }

  /** Plays until nothing is left to do, and at least to the given instant; false: there is more. */
  play(atLeast: Instant = this.#now): boolean {
    let idle = 0;
    let begun = this.acts.length;
    while (this.#steps < STEPS_MAX) {
      const next = this.#due[this.#taken];
      if (next !== undefined) {
        this.#taken++;
        this.#now = Math.max(this.#now, next.at);
        const event = next.happen();
        if (event !== undefined) this.#step(event);
        continue;
      }
      if (this.acts.length > begun) idle = 0;
      begun = this.acts.length;
      if (this.#now >= atLeast && (this.#hasNothingLeft() || idle >= IDLE_MAX)) return true;
      idle++;
      this.#letTimePass();
    }
    return false;
  }

  /** Agents answer at least every quarter of a heartbeat_timeout. */
  #letTimePass(): void {
    this.#now += this.#spec.heartbeatTimeoutMs / 4;
    for (const host of this.#boots.keys()) {
      const beat = this.#beatOf(host);
      if (beat !== undefined) this.#step(beat);
    }
    this.#step({ type: 'tick' });
  }

  /** A plan that was dropped may be made again at the next tick. */
  #hasNothingLeft(): boolean {
    if (!this.#isSettled()) return false;
    const begun = this.acts.length;
    this.#step({ type: 'tick' });
    return this.acts.length === begun && this.#isSettled();
  }

  #isSettled(): boolean {
    const { hosts, groups, fencing } = this.#state;
    for (const { plan } of groups.values()) if (plan !== undefined) return false;
    for (const host of this.#boots.keys()) if (this.#unseenOn(host).length > 0) return false;
    return fencing.every((name) => {
      const fence = hosts.get(name)?.fence;
      // One that waits for its turn has all of it before it.
      return fence !== undefined && fence.round >= 0 && /^(?:held|pause)$/.test(fence.phase);
    });
  }

  #step(event: HaEvent | { type: 'tick' }): void {
    this.#steps++;
    const { state, commands } = this.#machine.step(this.#state, event, this.#now);
    this.#state = state;
    for (const command of commands) this.#obey(command);
  }

  #obey(command: HaCommand): void {
    switch (command.type) {
      case 'operate':
        this.#note(command);
        return this.#soon(() => this.#operate(command));
      case 'power':
        if (command.action !== 'status') {
          const { host, device, action, reason } = command;
          this.acts.push({ action: `power-${action}`, host, device, reason });
        }
        return this.#soon(() => this.#switch(command));
      case 'reach':
        return this.#soon(() => this.#reach(command.request, command.to));
      case 'ask-witness':
        return this.#soon(() => witnessed(command.request));
      case 'ask':
        return this.#soon(() => this.#beatOf(command.host));
      case 'answer-order':
        this.#answer = { outcome: command.outcome, text: command.text };
        return undefined;
      case 'fact':
        // For the journal, in which nothing is written of what is only foreseen.
        return undefined;
    }
  }

  /** What was under way when we began to look ahead ends well, too. */
  #resume(request: string, pending: Pending): void {
    const { host } = pending;
    switch (pending.type) {
      case 'operation':
        return this.#soon(() => this.#operate({ ...pending, request }));
      case 'power':
        return this.#soon(() => this.#switch({ ...pending, request }));
      case 'reach':
        return this.#soon(() => this.#reach(request, host));
      case 'witness':
        return this.#soon(() => witnessed(request));
    }
  }

  #soon(happen: Due['happen']): void {
    this.#due.push({ at: this.#now + ANSWER_MS, happen });
  }

  #note({ operation, host, resource, reason }: Operate): void {
    if (operation === 'monitor') return;
    const group = this.#layout.owners.get(resource)?.group;
    const act = { action: operation, host, resource, reason } as const;
    this.acts.push(group === undefined ? act : { ...act, group });
  }

  #operate(
    order: Pick<Operate, 'host' | 'boot' | 'request' | 'operation' | 'resource'>,
  ): HaEvent | undefined {
    const { host, boot, request, operation, resource } = order;
    if (this.#boots.get(host) !== boot) return undefined;
    const running = this.#runningOn(host);
    if (operation === 'start') running.add(resource);
    if (operation === 'stop') running.delete(resource);
    const code = operation === 'monitor' ? this.#look(host, resource) : 0;
    const incarnation = this.#incarnationOf(host);
    const outcome = { type: 'exited', code, text: '' } as const;
    return { type: 'operation-result', host, request, boot, incarnation, outcome };
  }

  /** What the host would say: as it is known, and where nothing is known, that it does not run. */
  #look(host: HostName, resource: ResourceName): number {
    if (this.#runningOn(host).has(resource)) return 0;
    const group = this.#layout.owners.get(resource)?.group ?? '';
    const known = this.#present.groups.get(group)?.known.get(host)?.get(resource);
    return known?.cannotRun === true ? 5 : 7;
  }

  #switch({
    host,
    request,
    device,
    action,
  }: Pick<Power, 'host' | 'request' | 'device' | 'action'>) {
    if (action !== 'status') this.#devices.set(device, action);
    if (action === 'off' && this.#isDark(host)) this.#cut(host);
    if (action === 'on' && this.#withoutPower.delete(host)) this.#boot(host);
    const outcome = action === 'status' ? this.#powerOf(host, device) : 'done';
    return { type: 'power-result', host, request, outcome, text: outcome } as const;
  }

  /** All devices of a level are off. */
  #isDark(host: HostName): boolean {
    const levels = this.#spec.hosts.get(host)?.levels ?? [];
    return levels.some((level) => level.every((one) => this.#devices.get(one) === 'off'));
  }

  #powerOf(host: HostName, device: DeviceName): PowerOutcome {
    if (this.#withoutPower.has(host)) return 'off';
    return this.#devices.get(device) ?? (this.#boots.has(host) ? 'on' : 'unknown');
  }

  #cut(host: HostName): void {
    this.#withoutPower.add(host);
    this.#boots.delete(host);
    this.#running.delete(host);
  }

  #boot(host: HostName): void {
    this.#boots.set(host, `foreseen boot of ${host} at ${this.#now}`);
    for (const device of this.#spec.hosts.get(host)?.levels.flat() ?? [])
      this.#devices.set(device, 'on');
    this.#soon(() => this.#beatOf(host));
  }

  #reach(request: string, to: HostName): HaEvent {
    const lives = this.#boots.has(to) || this.#state.hosts.get(to)?.contact.status === 'refused';
    return { type: 'reach-result', request, outcome: lives ? 'yes' : 'no' };
  }

  #beatOf(host: HostName): HaEvent | undefined {
    const boot = this.#boots.get(host);
    if (boot === undefined) return undefined;
    const incarnation = this.#incarnationOf(host);
    const observations = this.#unseenOn(host).map((resource) => ({
      resource,
      exit: this.#look(host, resource),
      askedAt: this.#now,
      alive: [],
    }));
    return { type: 'beat', host, askedAt: this.#now, boot, incarnation, observations };
  }

  /** What a monitor would settle; what is known stays known. */
  #unseenOn(host: HostName): ResourceName[] {
    return (this.#layout.groupsOf.get(host) ?? []).flatMap((group) =>
      [...(this.#state.groups.get(group)?.known.get(host) ?? [])].flatMap(([resource, known]) =>
        known.status === 'unknown' && known.doubt === undefined ? [resource] : [],
      ),
    );
  }

  #incarnationOf(host: HostName): string {
    const { boot, incarnation } = this.#present.hosts.get(host) ?? {};
    return boot === this.#boots.get(host) ? (incarnation ?? '') : 'foreseen';
  }

  #runningOn(host: HostName): Set<ResourceName> {
    const running = this.#running.get(host) ?? new Set();
    this.#running.set(host, running);
    return running;
  }
}

function witnessed(request: string): HaEvent {
  return { type: 'witness-result', request, outcome: 'yes' };
}
