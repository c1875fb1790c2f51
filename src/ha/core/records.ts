// SPDX-License-Identifier: Apache-2.0
/**
 * What survives a restart of the manager: operators' words, fences, confirmed offs, proven devices,
 * doubts. What runs where is not saved: the hosts are asked again.
 */
import type { Instant, Saved } from '../../kernel/machine.ts';
import { unknownSince, type Doubt, type Known } from './knowledge.ts';
import { listOf, type ClusterSpec, type GroupSpec, type HostName, type HostSpec } from './spec.ts';
import type { DeviceState, Fence, FenceCause, GroupState, HostState, Off, Trust } from './state.ts';

type SavedFence = {
  cause: FenceCause;
  text: string;
  operator?: string;
  boot?: string;
  since: Instant;
  witnesses: readonly (readonly [HostName, string])[];
};

export type HostRecord = {
  active: boolean;
  boot?: string;
  fencedAt?: Instant;
  switched?: 'on' | 'off';
  off?: Off;
  fence?: SavedFence;
  trust: readonly (readonly [string, Trust])[];
};

type DoubtRecord = { host: HostName; resource: string; doubt: Doubt; text: string };

export type GroupRecord = {
  managed: boolean;
  failed?: string;
  failures: readonly Instant[];
  ran: readonly HostName[];
  wanted?: HostName;
  doubts: readonly DoubtRecord[];
};

export function savedHost(host: HostState): HostRecord {
  const { active, boot, fencedAt, switched, off, fence, devices } = host;
  return {
    active,
    trust: [...devices].map(([name, device]) => [name, device.trust] as const),
    ...(boot === undefined ? {} : { boot }),
    ...(fencedAt === undefined ? {} : { fencedAt }),
    ...(switched === undefined ? {} : { switched }),
    ...(off === undefined ? {} : { off }),
    ...(fence === undefined
      ? {}
      : {
          fence: {
            cause: fence.cause,
            text: fence.text,
            since: fence.since,
            witnesses: [...fence.witnesses],
            ...(fence.operator === undefined ? {} : { operator: fence.operator }),
            ...(fence.boot === undefined ? {} : { boot: fence.boot }),
          },
        }),
  };
}

export function savedGroup(group: GroupState): GroupRecord {
  const doubts: DoubtRecord[] = [];
  for (const [host, onHost] of group.known) {
    for (const [resource, { doubt, text }] of onHost) {
      if (doubt !== undefined) doubts.push({ host, resource, doubt, text });
    }
  }
  const { managed, failed, failures, ran, wanted } = group;
  return {
    managed,
    failures,
    ran,
    doubts,
    ...(failed === undefined ? {} : { failed }),
    ...(wanted === undefined ? {} : { wanted }),
  };
}

/** Whether the record is another one. Most changes of a host are none: they cost a few comparisons. */
export function hostRecordChanged(a: HostState, b: HostState): boolean {
  return (
    a.active !== b.active ||
    a.boot !== b.boot ||
    a.fencedAt !== b.fencedAt ||
    a.switched !== b.switched ||
    isOther(a.off, b.off) ||
    fenceRecordChanged(a.fence, b.fence) ||
    trustChanged(a.devices, b.devices)
  );
}

function fenceRecordChanged(a: Fence | undefined, b: Fence | undefined): boolean {
  if (a === b) return false;
  if (a === undefined || b === undefined) return true;
  return (
    a.cause !== b.cause ||
    a.text !== b.text ||
    a.since !== b.since ||
    a.operator !== b.operator ||
    a.boot !== b.boot ||
    witnessesChanged(a.witnesses, b.witnesses)
  );
}

function witnessesChanged(a: Fence['witnesses'], b: Fence['witnesses']): boolean {
  if (a === b) return false;
  if (a.size !== b.size) return true;
  for (const [host, boot] of a) if (b.get(host) !== boot) return true;
  return false;
}

function trustChanged(a: HostState['devices'], b: HostState['devices']): boolean {
  if (a === b) return false;
  for (const [device, { trust }] of a) if (b.get(device)?.trust !== trust) return true;
  return false;
}

/** Of what changes seldom: the same object is the same, and another one may be. */
function isOther(a: Off | readonly unknown[] | undefined, b: typeof a): boolean {
  return a !== b && JSON.stringify(a) !== JSON.stringify(b);
}

/** Doubts are a part of the record too, and are compared one by one as they come. */
export function groupRecordChanged(a: GroupState, b: GroupState): boolean {
  return (
    a.managed !== b.managed ||
    a.failed !== b.failed ||
    isOther(a.failures, b.failures) ||
    isOther(a.ran, b.ran) ||
    a.wanted !== b.wanted
  );
}

export function doubtRecordChanged(a: Known | undefined, b: Known): boolean {
  if (a?.doubt === undefined && b.doubt === undefined) return false;
  return a?.doubt !== b.doubt || a?.text !== b.text;
}

/** A host as it is after a start of the manager: nothing heard, nothing forgotten. */
export function restoredHost(spec: HostSpec, saved: Saved, now: Instant): HostState {
  const record = recordOf<HostRecord>(saved, `host/${spec.name}`);
  const trust = new Map(record?.trust);
  const devices = new Map<string, DeviceState>();
  for (const name of spec.levels.flat()) {
    devices.set(name, {
      trust: trust.get(name) ?? 'unproven',
      power: 'unknown',
      trouble: undefined,
      saidAt: 0,
      checkAt: now,
    });
  }
  return {
    name: spec.name,
    contact: { status: 'unheard', told: false },
    answeredAt: now,
    aliveAt: now,
    doubtedAt: now,
    active: record?.active ?? true,
    devices,
    boot: record?.boot,
    incarnation: undefined,
    off: record?.off && restoredOff(record.off, now),
    fencedAt: record?.fencedAt === undefined ? undefined : Math.min(record.fencedAt, now),
    switched: record?.switched,
    inquiry: undefined,
    fence: record?.fence && restoredFence(record.fence),
    obeysOther: undefined,
    notFenced: undefined,
    toldGates: undefined,
  };
}

/** By a fence it counts again once its devices say off again; by an operator's word it holds. */
function restoredOff(off: Off, now: Instant): Off {
  return { ...off, at: Math.min(off.at, now), confirmed: off.by === 'operator' };
}

/** The clock may have been set back since: nothing that was saved lies in the future. */
export function pastInstants(instants: readonly unknown[], now: Instant): Instant[] {
  return instants.filter((at) => typeof at === 'number').map((at) => Math.min(at, now));
}

function restoredFence(record: SavedFence): Fence {
  const witnesses = new Map(record.witnesses);
  return {
    ...record,
    witnesses,
    phase: 'recall',
    level: 0,
    round: 0,
    answers: new Map(),
    answering: true,
  };
}

export function restoredGroup(spec: GroupSpec, saved: Saved, now: Instant): GroupState {
  const record = recordOf<GroupRecord>(saved, `group/${spec.name}`);
  const ran = record?.ran ?? [];
  const known = new Map<HostName, ReadonlyMap<string, Known>>();
  for (const host of new Set([...listOf(spec), ...ran])) {
    const onHost = new Map<string, Known>();
    for (const { name } of spec.resources) {
      const unknown = unknownSince(now, 'its host has not answered since the manager started');
      onHost.set(name, ran.includes(host) ? { ...unknown, ranHere: true } : unknown);
    }
    known.set(host, onHost);
  }
  for (const { host, resource, doubt, text } of record?.doubts ?? []) {
    const onHost = known.get(host);
    if (!onHost?.has(resource)) continue;
    const ranHere = ran.includes(host);
    const doubtful = { ...unknownSince(now, text), doubt, ranHere };
    known.set(host, new Map(onHost).set(resource, doubtful));
  }
  return {
    name: spec.name,
    managed: record?.managed ?? true,
    failures: pastInstants(record?.failures ?? [], now),
    known,
    ran,
    avoid: new Map(),
    lastHost: undefined,
    failed: record?.failed,
    down: undefined,
    wanted: record?.wanted,
    plan: undefined,
    askedAheadAt: undefined,
    reason: 'the manager has just started',
  };
}

/** Hosts that are not configured any more but on which a group may still run. */
export function formerHosts(spec: ClusterSpec, saved: Saved): HostName[] {
  const names = new Set<HostName>();
  for (const group of spec.groups.keys()) {
    for (const host of recordOf<GroupRecord>(saved, `group/${group}`)?.ran ?? []) {
      if (!spec.hosts.has(host)) names.add(host);
    }
  }
  return [...names];
}

/** The one place where saved data enter the core: the journal is ours, and its schema is checked by the store. */
function recordOf<R>(saved: Saved, key: string): R | undefined {
  // oxlint-disable-next-line typescript/consistent-type-assertions -- see above
  return saved.get(key) as R | undefined;
}
