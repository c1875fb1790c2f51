// SPDX-License-Identifier: Apache-2.0
/**
 * One step in the making: the state as changed so far, and what is to be saved, ordered and said.
 * It lives for one step only; maps are copied at their first change, so the old state stays whole.
 */
import type { Instant, Save, Step } from '../../kernel/machine.ts';
import { stoppedByFence, unknownSince, type Known } from './knowledge.ts';
import type { Fact, HaCommand } from './messages.ts';
import type { Layout } from './layout.ts';
import { groupRecordChanged, hostRecordChanged, savedGroup, savedHost } from './records.ts';
import type {
  ClusterSpec,
  GroupName,
  GroupSpec,
  HostName,
  HostSpec,
  ResourceName,
} from './spec.ts';
import type { ClusterState, GroupState, HostState, Pending } from './state.ts';

const NONE: ReadonlyMap<string, Pending> = new Map();

export class Draft {
  readonly spec: ClusterSpec;
  readonly layout: Layout;
  readonly now: Instant;
  /** Everything that had arrived was taken in before this step. */
  readonly isTick: boolean;
  readonly commands: HaCommand[] = [];
  readonly reasons: string[] = [];
  readonly #saves = new Map<string, unknown>();
  readonly touchedHosts = new Set<HostName>();
  readonly touchedGroups = new Set<GroupName>();
  /** Our own copies, made at the first change. */
  #hosts: Map<HostName, HostState> | undefined;
  #groups: Map<GroupName, GroupState> | undefined;
  #groupsKnownOn: Map<HostName, GroupName[]> | undefined;
  #state: ClusterState;

  constructor(
    spec: ClusterSpec,
    layout: Layout,
    state: ClusterState,
    now: Instant,
    isTick = false,
  ) {
    this.isTick = isTick;
    this.spec = spec;
    this.layout = layout;
    this.#state = state;
    this.now = now;
  }

  get state(): ClusterState {
    return this.#state;
  }

  /** Changes what belongs to the cluster as a whole. */
  set(change: Partial<ClusterState>): void {
    this.#state = { ...this.#state, ...change };
  }

  host(name: HostName): HostState {
    const host = this.#state.hosts.get(name);
    if (host === undefined) throw new Error(`no such host: ${name}`);
    return host;
  }

  hostSpec(name: HostName): HostSpec {
    return this.spec.hosts.get(name) ?? { name, levels: [] };
  }

  setHost(next: HostState): void {
    if (this.#hosts === undefined) {
      this.#hosts = new Map(this.#state.hosts);
      this.#state = { ...this.#state, hosts: this.#hosts };
    }
    const before = this.#hosts.get(next.name);
    this.#hosts.set(next.name, next);
    if ((before?.fence === undefined) !== (next.fence === undefined)) this.#noteFence(next);
    if (before === undefined || hostRecordChanged(before, next)) {
      this.#saves.set(`host/${next.name}`, savedHost(next));
    }
  }

  #noteFence({ name, fence }: HostState): void {
    const others = this.#state.fencing.filter((other) => other !== name);
    this.set({ fencing: fence === undefined ? others : [...others, name] });
  }

  group(name: GroupName): GroupState {
    const group = this.#state.groups.get(name);
    if (group === undefined) throw new Error(`no such group: ${name}`);
    return group;
  }

  groupSpec(name: GroupName): GroupSpec {
    const group = this.spec.groups.get(name);
    if (group === undefined) throw new Error(`no such group: ${name}`);
    return group;
  }

  setGroup(next: GroupState): void {
    if (this.#groups === undefined) {
      this.#groups = new Map(this.#state.groups);
      this.#state = { ...this.#state, groups: this.#groups };
    }
    const before = this.#groups.get(next.name);
    this.#groups.set(next.name, next);
    if (before === undefined || groupRecordChanged(before, next)) {
      this.#saves.set(`group/${next.name}`, savedGroup(next));
    }
  }

  known(group: GroupName, host: HostName, resource: ResourceName): Known {
    const known = this.group(group).known.get(host)?.get(resource);
    return known ?? unknownSince(-1, 'not asked yet');
  }

  setKnown(group: GroupName, host: HostName, resource: ResourceName, next: Known): void {
    this.setKnownQuietly(group, host, resource, next);
    this.touchedGroups.add(group);
  }

  /** Fresher evidence of the same: nothing to plan anew, unless a plan waits for it. */
  setKnownQuietly(group: GroupName, host: HostName, resource: ResourceName, next: Known): void {
    const state = this.group(group);
    const onHost = new Map(state.known.get(host)).set(resource, next);
    // Where it was ever seen it may be again, whatever the configuration says one day.
    if (!state.known.has(host)) this.#groupsKnownOn = undefined;
    const isNew = next.status === 'running' && !state.ran.includes(host);
    const ran = isNew ? [...state.ran, host] : state.ran;
    this.setGroup({ ...state, ran, known: new Map(state.known).set(host, onHost) });
    if (state.plan !== undefined) this.touchedGroups.add(group);
  }

  /** Groups that list the host, or were ever seen there. */
  groupsKnownOn(host: HostName): readonly GroupName[] {
    if (this.#groupsKnownOn === undefined) {
      this.#groupsKnownOn = new Map();
      for (const { name, known } of this.#state.groups.values()) {
        for (const on of known.keys()) {
          const groups = this.#groupsKnownOn.get(on);
          if (groups === undefined) this.#groupsKnownOn.set(on, [name]);
          else groups.push(name);
        }
      }
    }
    return this.#groupsKnownOn.get(host) ?? [];
  }

  /** Every resource of every group that may be on the host, changed alike. */
  changeKnown(host: HostName, change: (known: Known, group: GroupName) => Known): void {
    for (const name of this.groupsKnownOn(host)) {
      const state = this.group(name);
      const onHost = state.known.get(host) ?? new Map<ResourceName, Known>();
      const next = new Map<ResourceName, Known>();
      for (const [resource, known] of onHost) next.set(resource, change(known, name));
      this.setGroup({ ...state, known: new Map(state.known).set(host, next) });
      this.touchedGroups.add(name);
    }
  }

  /** The host is proven off: nothing runs there, whatever was known or under way. */
  hostIsOff(host: HostName, source: 'fence' | 'operator'): void {
    this.forget(host, (pending) => pending.type === 'operation');
    this.changeKnown(host, () => stoppedByFence(source, this.now));
  }

  pendingOn(host: HostName): ReadonlyMap<string, Pending> {
    return this.#state.pending.get(host) ?? NONE;
  }

  ask(pending: Pending): string {
    const id = `${this.#state.epoch}.${this.#state.nextRequest}`;
    this.set({ nextRequest: this.#state.nextRequest + 1 });
    this.#setPending(pending.host, new Map(this.pendingOn(pending.host)).set(id, pending));
    return id;
  }

  /** What it was that is answered; the host is known by whoever was asked about one. */
  answered(request: string, host?: HostName): Pending | undefined {
    for (const name of host === undefined ? this.#state.pending.keys() : [host]) {
      const pending = this.pendingOn(name).get(request);
      if (pending === undefined) continue;
      const rest = new Map(this.pendingOn(name));
      rest.delete(request);
      this.#setPending(name, rest);
      return pending;
    }
    return undefined;
  }

  forget(host: HostName, which: (pending: Pending) => boolean): void {
    const all = this.pendingOn(host);
    const rest = [...all].filter(([, pending]) => !which(pending));
    if (rest.length < all.size) this.#setPending(host, new Map(rest));
  }

  #setPending(host: HostName, ofHost: ReadonlyMap<string, Pending>): void {
    const pending = new Map(this.#state.pending);
    if (ofHost.size === 0) pending.delete(host);
    else pending.set(host, ofHost);
    this.set({ pending });
  }

  save(key: string, value: unknown): void {
    this.#saves.set(key, value);
  }

  order(command: HaCommand): void {
    this.commands.push(command);
  }

  fact(fact: Fact): void {
    this.commands.push({ type: 'fact', fact });
  }

  because(reason: string): void {
    if (!this.reasons.includes(reason)) this.reasons.push(reason);
  }

  finish(): Step<ClusterState, HaCommand> {
    const saves: Save[] = [...this.#saves].map(([key, value]) => ({ key, value }));
    const reason = this.reasons.join('; ') || 'nothing new';
    return { state: this.#state, saves, commands: this.commands, reason };
  }
}
