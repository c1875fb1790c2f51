// SPDX-License-Identifier: Apache-2.0
/** The whole memory of the HA core, as plain values. Nothing in it is changed in place. */
import type { Instant } from '../../kernel/machine.ts';
import type { Table } from '../../kernel/table.ts';
import type { Gate } from './fence-gates.ts';
import type { Known } from './knowledge.ts';
import type { Operation, PowerAction } from './messages.ts';
import type { DeviceName, GroupName, HostName, ResourceName } from './spec.ts';

/** Whether the host answers. Silence is counted by the cluster's `listenSince`, never across it. */
export type Contact = Readonly<
  | { status: 'unheard'; told: boolean }
  | { status: 'online'; heardAt: Instant }
  | { status: 'silent'; since: Instant; heardAt: Instant }
  /** `goneSince`: since when nobody at all answers at its agent's port; absent: somebody does. */
  | {
      status: 'refused';
      since: Instant;
      heardAt: Instant;
      told: boolean;
      goneSince: Instant | undefined;
    }
>;

/** Confirmed off: every resource on the host is stopped. Holds until a status says on or a new boot answers. */
export type Off = Readonly<{
  boot?: string;
  at: Instant;
  by: 'fence' | 'operator';
  devices: readonly DeviceName[];
  /** False after a restart of the manager, until every device says off again. */
  confirmed: boolean;
}>;

/** proven: has said on while its host was beating. wrong: says off for a host that beats. */
export type Trust = 'unproven' | 'proven' | 'wrong';

export type DeviceState = Readonly<{
  trust: Trust;
  power: 'on' | 'off' | 'unknown';
  /** Why it does not tell. */
  trouble: string | undefined;
  /** When that answer came. */
  saidAt: Instant;
  checkAt: Instant;
}>;

/** operator: a fence by order. power-off: an operator switches it off, and nothing is wrong with it. */
export type FenceCause = 'silence' | 'agent' | 'stop-failed' | 'operator' | 'power-off';
export type OrderedCause = Extract<FenceCause, 'operator' | 'power-off'>;

/**
 * One fence under way.
 * recall: a new manager asks how far its predecessor came, before it tells off again.
 * off, status: devices are told, then asked. settle: all say off; the other hosts are asked whether
 * they live. held: only an operator's word ends it. pause: every level failed; again at `againAt`.
 */
export type Fence = Readonly<{
  cause: FenceCause;
  text: string;
  operator?: string;
  /** The boot in doubt. */
  boot?: string;
  since: Instant;
  phase: 'recall' | 'off' | 'status' | 'settle' | 'held' | 'pause';
  level: number;
  /** Rounds through all levels before this one; -1: the first is still to come. */
  round: number;
  /** What each device of the level has answered in this phase. */
  answers: ReadonlyMap<DeviceName, 'done' | 'off' | 'on' | 'failed' | 'unknown'>;
  /** Hosts that answered when off was told, with their boots: each must answer again, or be off itself. */
  witnesses: ReadonlyMap<HostName, string>;
  /** The host itself answered when off was told: it must be heard no more for a while. */
  answering: boolean;
  /** When the last device said off. */
  saidOffAt?: Instant;
  againAt?: Instant;
  /** Why it does not go on. */
  heldBy?: string;
}>;

/** What was asked around about a suspect: does anybody reach it, are we the ones cut off? */
export type Inquiry = Readonly<{
  askedAt: Instant;
  /** When those who had said no were asked once more; their no holds until they say otherwise. */
  againAt?: Instant;
  reach: ReadonlyMap<HostName, 'asked' | 'yes' | 'no' | 'unknown'>;
  witness: 'none' | 'asked' | 'yes' | 'no';
}>;

export type HostState = Readonly<{
  name: HostName;
  contact: Contact;
  boot: string | undefined;
  incarnation: string | undefined;
  /** When the question was sent of the newest answer that was taken in. */
  answeredAt: Instant;
  /** The same, refusals included: they prove that its kernel lives. */
  aliveAt: Instant;
  /** Only answers to questions sent after this instant are evidence of a stopped resource. */
  doubtedAt: Instant;
  off: Off | undefined;
  active: boolean;
  /** When it was fenced last and not reset since. */
  fencedAt: Instant | undefined;
  /** How an operator had it switched since it answered last: it is in his hands till it does again. */
  switched: 'on' | 'off' | undefined;
  devices: ReadonlyMap<DeviceName, DeviceState>;
  inquiry: Inquiry | undefined;
  fence: Fence | undefined;
  /** Its agent answers, and obeys another manager. */
  obeysOther: string | undefined;
  /** Why it is not fenced although it seems to need it. */
  notFenced: string | undefined;
  /** The gates that the operator was told of since it became suspect. */
  toldGates: readonly Gate[] | undefined;
}>;

/**
 * What is being done with a group.
 * start: everybody who might hold it was asked after `askedAt`; then it is started on `host`.
 * move: `to` was asked after `askedAt`; then it is stopped on `host` and started on `to`.
 */
export type Plan = Readonly<
  | {
      type: 'start';
      host: HostName;
      askedAt: Instant;
      again: Instant;
      why: string;
      /** Hosts that were asked for it. */
      asked: readonly HostName[];
      /** A start was ordered. */
      started: boolean;
    }
  | {
      type: 'move';
      host: HostName;
      to: HostName;
      askedAt: Instant;
      again: Instant;
      why: string;
      /** What failed on `to` was stopped there: if it fails again, it cannot run there. */
      mended: boolean;
      stopping: boolean;
    }
>;

export type GroupState = Readonly<{
  name: GroupName;
  managed: boolean;
  /** Why it is left alone until `cleanup`. */
  failed: string | undefined;
  /** Instants of failures that were answered by a restart. */
  failures: readonly Instant[];
  known: ReadonlyMap<HostName, ReadonlyMap<ResourceName, Known>>;
  /** Hosts on which it was ever started, in the list or not. */
  ran: readonly HostName[];
  /** Where it ran last, in this run of the manager. */
  lastHost: HostName | undefined;
  /** Hosts where a start failed, and why. */
  avoid: ReadonlyMap<HostName, string>;
  /** Since when it does not run although it should; `told`: the operator knows. */
  down: Readonly<{ since: Instant; told: boolean }> | undefined;
  /** Where an operator wants it. */
  wanted: HostName | undefined;
  plan: Plan | undefined;
  /**
   * When its hosts were asked ahead of a plan to start: while off was on its way to the host that may hold
   * it, or before it was stopped to move.
   */
  askedAheadAt: Instant | undefined;
  /** Why it is as it is, in words. */
  reason: string;
}>;

/** A question or order that has not been answered. */
export type Pending = Readonly<
  | {
      type: 'operation';
      group: GroupName;
      resource: ResourceName;
      host: HostName;
      boot: string;
      operation: Operation;
      askedAt: Instant;
    }
  | {
      type: 'power';
      host: HostName;
      device: DeviceName;
      action: PowerAction;
      /** The fence that it serves; absent: a check. */
      fenceSince?: Instant;
      askedAt: Instant;
      giveUpAt: Instant;
    }
  | { type: 'reach'; host: HostName; from: HostName; askedAt: Instant }
  | { type: 'witness'; host: HostName; askedAt: Instant }
>;

export type ClusterState = Readonly<{
  epoch: number;
  nextRequest: number;
  lastStepAt: Instant;
  lastTickAt: Instant;
  /** Silence counts from here on: before it, it was we who did not listen. */
  listenSince: Instant;
  /** Another manager has taken over; this one only watches. */
  superseded?: string;
  hosts: Table<HostState>;
  groups: Table<GroupState>;
  /** Groups that list the host, or were ever seen there. */
  groupsOn: ReadonlyMap<HostName, readonly GroupName[]>;
  /** By the host that they are about: there may be thousands, and few are of one host. */
  pending: Table<ReadonlyMap<string, Pending>>;
  /** How many of them are checks of fence devices. */
  checks: number;
  /** On how many resources of a host a stop has failed. */
  failedStops: ReadonlyMap<HostName, number>;
  /** Until when a tick leaves each group alone, unless something changes that its plan follows from. */
  restsUntil: Table<Instant>;
  /** Before which instant nothing that is known of each group can be overdue. */
  keepsUntil: Table<Instant>;
  /** Hosts of which a beat may be missed before the next regular tick: an answer only puts that off. */
  awaited: readonly HostName[];
  /** Hosts with a fence under way. */
  fencing: readonly HostName[];
  /** When automatic fences were begun, for the limit an hour. */
  fences: readonly Instant[];
}>;
