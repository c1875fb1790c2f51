// SPDX-License-Identifier: Apache-2.0
/**
 * One step in the making: the state as changed so far, and what is to be saved, ordered and said.
 * It lives for one step only; tables and maps are copied at their first change, so the old state stays whole.
 */
import type { Instant, Save, Step } from '../../kernel/machine.ts';
import type { Table } from '../../kernel/table.ts';
import { stoppedByFence, unknownSince, type Known } from './knowledge.ts';
import type { Fact, HaCommand } from './messages.ts';
import type { Layout } from './layout.ts';
import {
  doubtRecordChanged,
  groupRecordChanged,
  hostRecordChanged,
  savedGroup,
  savedHost,
} from './records.ts';
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
const NOT_ASKED = unknownSince(-1, 'not asked yet');
/** Two ways of reckoning when a time is over may differ by a rounding; to look too early does no harm. */
const EARLY_MS = 1;

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };
type OnHost = ReadonlyMap<ResourceName, Known>;
type OnHosts = ReadonlyMap<HostName, OnHost>;

export class Draft {
  readonly spec: ClusterSpec;
  readonly layout: Layout;
  readonly now: Instant;
  /** Everything that had arrived was taken in before this step. */
  readonly isTick: boolean;
  readonly commands: HaCommand[] = [];
  readonly reasons: string[] = [];
  readonly touchedHosts = new Set<HostName>();
  readonly touchedGroups = new Set<GroupName>();
  /** Counts what is changed, asked and ordered: while it stays the same, nothing was. */
  changes = 0;
  readonly #saves = new Map<string, () => unknown>();
  /** Our own copies, made at the first change. */
  #hosts: Table<HostState> | undefined;
  #groups: Table<GroupState> | undefined;
  #pending: Table<ReadonlyMap<string, Pending>> | undefined;
  #restsUntil: Table<Instant> | undefined;
  #keepsUntil: Table<Instant> | undefined;
  readonly #ownOnHosts = new Map<OnHosts, Map<HostName, OnHost>>();
  readonly #ownOnHost = new Map<OnHost, Map<ResourceName, Known>>();
  readonly #ownPending = new Map<ReadonlyMap<string, Pending>, Map<string, Pending>>();
  /** The earliest instant for which it was asked in vain whether it has come. */
  #wakeAt = Infinity;
  /** Ours for the step: nobody else has it before the end. */
  readonly #state: Writable<ClusterState>;

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
    this.#state = { ...state };
    this.now = now;
  }

  get state(): ClusterState {
    return this.#state;
  }

  /** Changes what belongs to the cluster as a whole. */
  set(change: Partial<ClusterState>): void {
    this.changes++;
    Object.assign(this.#state, change);
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
    const { name } = next;
    const before = this.host(name);
    if (this.#hosts === undefined) {
      this.#hosts = this.#state.hosts.copy();
      this.#state.hosts = this.#hosts;
    }
    this.changes++;
    this.#hosts.set(name, next);
    if ((before.fence === undefined) !== (next.fence === undefined)) this.#noteFence(next);
    if (!isSameForGroups(before, next)) for (const group of this.groupsOn(name)) this.wake(group);
    if (hostRecordChanged(before, next)) {
      this.#saves.set(`host/${name}`, () => savedHost(this.host(name)));
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
    const { name } = next;
    if (groupRecordChanged(this.group(name), next)) this.#saveGroup(name);
    this.#putGroup(next);
    this.wake(name);
    if (this.#state.keepsUntil.get(name) !== -Infinity) this.#ownKeeps().set(name, -Infinity);
    for (const later of this.layout.waitingFor.get(name) ?? []) this.wake(later);
  }

  #putGroup(next: GroupState): void {
    if (this.#groups === undefined) {
      this.#groups = this.#state.groups.copy();
      this.#state.groups = this.#groups;
    }
    this.changes++;
    this.#groups.set(next.name, next);
  }

  #saveGroup(name: GroupName): void {
    this.#saves.set(`group/${name}`, () => savedGroup(this.group(name)));
  }

  known(group: GroupName, host: HostName, resource: ResourceName): Known {
    return this.group(group).known.get(host)?.get(resource) ?? NOT_ASKED;
  }

  setKnown(group: GroupName, host: HostName, resource: ResourceName, next: Known): void {
    this.setKnownQuietly(group, host, resource, next);
    this.touchedGroups.add(group);
  }

  /** Fresher evidence of the same: nothing to plan anew, unless a plan waits for it. */
  setKnownQuietly(group: GroupName, host: HostName, resource: ResourceName, next: Known): void {
    const state = this.group(group);
    const before = state.known.get(host)?.get(resource);
    const known = ownCopy(this.#ownOnHosts, state.known);
    known.set(host, ownCopy(this.#ownOnHost, state.known.get(host)).set(resource, next));
    this.#noteDoubt(group, host, before, next);
    // Where it was ever seen it may be again, whatever the configuration says one day.
    const isNew = next.status === 'running' && !state.ran.includes(host);
    if (isNew) this.setGroup({ ...state, known, ran: [...state.ran, host] });
    else if (state.plan === undefined && isSameForPlan(before, next))
      this.#putGroup({ ...state, known });
    else this.setGroup({ ...state, known });
    if (before === undefined) this.#noteGroupOn(group, host);
    if (state.plan !== undefined) this.touchedGroups.add(group);
  }

  #noteDoubt(group: GroupName, host: HostName, before: Known | undefined, next: Known): void {
    if (doubtRecordChanged(before, next)) this.#saveGroup(group);
    const more = countFailedStop(next) - (before === undefined ? 0 : countFailedStop(before));
    if (more === 0) return;
    const count = (this.#state.failedStops.get(host) ?? 0) + more;
    this.set({ failedStops: new Map(this.#state.failedStops).set(host, count) });
  }

  #noteGroupOn(group: GroupName, host: HostName): void {
    if (this.groupsOn(host).includes(group)) return;
    const names = [...this.#state.groups.values()].filter(({ known }) => known.has(host));
    const groupsOn = new Map(this.#state.groupsOn).set(
      host,
      names.map(({ name }) => name),
    );
    this.set({ groupsOn });
  }

  /** Groups that list the host, or were ever seen there. */
  groupsOn(host: HostName): readonly GroupName[] {
    return this.#state.groupsOn.get(host) ?? [];
  }

  /** Every resource of every group that may be on the host, changed alike. */
  changeKnown(host: HostName, change: (known: Known, group: GroupName) => Known): void {
    for (const name of this.groupsOn(host)) {
      const state = this.group(name);
      const onHost = new Map<ResourceName, Known>();
      for (const [resource, known] of state.known.get(host) ?? []) {
        const next = change(known, name);
        onHost.set(resource, next);
        this.#noteDoubt(name, host, known, next);
      }
      this.setGroup({ ...state, known: new Map(state.known).set(host, onHost) });
      this.touchedGroups.add(name);
    }
  }

  /** The host is proven off: nothing runs there, whatever was known or under way. */
  hostIsOff(host: HostName, source: 'fence' | 'operator'): void {
    this.forget(host, (pending) => pending.type === 'operation');
    this.changeKnown(host, () => stoppedByFence(source, this.now));
  }

  /** Whether so long has passed since then. Where not, a tick looks again when it has. */
  isOver(since: Instant, forMs: number): boolean {
    if (this.now - since >= forMs) return true;
    this.#wakeAt = Math.min(this.#wakeAt, since + forMs);
    return false;
  }

  /** Looks at a group. If that changes nothing, nor will a later look before something else has changed. */
  look(group: GroupName, look: () => void): void {
    const { changes } = this;
    this.#wakeAt = Infinity;
    look();
    if (this.changes === changes) this.#ownRests().set(group, this.#wakeAt - EARLY_MS);
  }

  /** Groups at which a tick has to look when their turn comes. */
  dueGroups(): Iterable<GroupName> {
    return this.#ownRests().keysWhere((until) => this.now >= until);
  }

  /** Groups of which something may be overdue. */
  staleGroups(): Iterable<GroupName> {
    return this.#ownKeeps().keysWhere((until) => this.now >= until);
  }

  /** Fresher evidence only puts it off. */
  keep(group: GroupName, until: Instant): void {
    this.#ownKeeps().set(group, until - EARLY_MS);
  }

  /** The next tick looks at it. */
  wake(group: GroupName): void {
    if (this.#state.restsUntil.get(group) !== -Infinity) this.#ownRests().set(group, -Infinity);
  }

  #ownRests(): Table<Instant> {
    if (this.#restsUntil === undefined) {
      this.#restsUntil = this.#state.restsUntil.copy();
      this.#state.restsUntil = this.#restsUntil;
    }
    return this.#restsUntil;
  }

  #ownKeeps(): Table<Instant> {
    if (this.#keepsUntil === undefined) {
      this.#keepsUntil = this.#state.keepsUntil.copy();
      this.#state.keepsUntil = this.#keepsUntil;
    }
    return this.#keepsUntil;
  }

  pendingOn(host: HostName): ReadonlyMap<string, Pending> {
    return this.#state.pending.get(host) ?? NONE;
  }

  ask(pending: Pending): string {
    const id = `${this.#state.epoch}.${this.#state.nextRequest}`;
    this.#state.nextRequest++;
    this.#ownPendingOn(pending.host).set(id, pending);
    this.#notePending(pending, 1);
    return id;
  }

  /** What it was that is answered; the host is known by whoever was asked about one. */
  answered(request: string, host?: HostName): Pending | undefined {
    for (const name of host === undefined ? this.#state.pending.keys() : [host]) {
      const pending = this.pendingOn(name).get(request);
      if (pending === undefined) continue;
      this.#ownPendingOn(name).delete(request);
      this.#notePending(pending, -1);
      return pending;
    }
    return undefined;
  }

  forget(host: HostName, which: (pending: Pending) => boolean): void {
    for (const [request, pending] of this.pendingOn(host)) {
      if (!which(pending)) continue;
      this.#ownPendingOn(host).delete(request);
      this.#notePending(pending, -1);
    }
  }

  #ownPendingOn(host: HostName): Map<string, Pending> {
    this.changes++;
    if (this.#pending === undefined) {
      this.#pending = this.#state.pending.copy();
      this.#state.pending = this.#pending;
    }
    const own = ownCopy(this.#ownPending, this.pendingOn(host));
    this.#pending.set(host, own);
    return own;
  }

  #notePending(pending: Pending, by: 1 | -1): void {
    if (pending.type === 'operation') this.wake(pending.group);
    if (isCheck(pending)) this.#state.checks += by;
  }

  save(key: string, value: unknown): void {
    this.#saves.set(key, () => value);
  }

  order(command: HaCommand): void {
    this.changes++;
    this.commands.push(command);
  }

  fact(fact: Fact): void {
    this.order({ type: 'fact', fact });
  }

  because(reason: string): void {
    this.reasons.push(reason);
  }

  finish(): Step<ClusterState, HaCommand> {
    const saves: Save[] = [];
    for (const [key, value] of this.#saves) saves.push({ key, value: value() });
    const reason = [...new Set(this.reasons)].join('; ') || 'nothing new';
    return { state: this.#state, saves, commands: this.commands, reason };
  }
}

/** A copy that is ours for the rest of the step. */
function ownCopy<K, V>(
  owned: Map<ReadonlyMap<K, V>, Map<K, V>>,
  map: ReadonlyMap<K, V> | undefined,
): Map<K, V> {
  const own = map && owned.get(map);
  if (own !== undefined) return own;
  const copy = new Map(map);
  owned.set(copy, copy);
  return copy;
}

/** All that a group's plan follows from in its hosts. */
function isSameForGroups(a: HostState, b: HostState): boolean {
  return (
    a.contact.status === b.contact.status &&
    a.active === b.active &&
    a.boot === b.boot &&
    a.off?.confirmed === b.off?.confirmed &&
    a.fence?.phase === b.fence?.phase &&
    a.notFenced === b.notFenced &&
    a.obeysOther === b.obeysOther
  );
}

/** All that matters while no plan waits for fresher evidence. */
function isSameForPlan(a: Known | undefined, b: Known): boolean {
  return (
    a !== undefined &&
    a.status === b.status &&
    a.doubt === b.doubt &&
    a.text === b.text &&
    a.evidence?.source === b.evidence?.source &&
    a.cannotRun === b.cannotRun &&
    a.looked === b.looked &&
    a.overran === b.overran &&
    a.retryAt === b.retryAt &&
    a.operating === b.operating
  );
}

function countFailedStop({ doubt }: Known): 0 | 1 {
  return doubt === 'stop-failed' ? 1 : 0;
}

function isCheck(pending: Pending): boolean {
  return pending.type === 'power' && pending.fenceSince === undefined;
}
