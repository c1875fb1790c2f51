// SPDX-License-Identifier: Apache-2.0
/** What the configuration says, as far as a decision needs it. All durations in milliseconds. */

export type HostName = string;
export type GroupName = string;
export type ResourceName = string;
export type DeviceName = string;

export type ResourceSpec = {
  readonly name: ResourceName;
  /** The resource that must run before this one; absent for the root. Parents stand before children. */
  readonly parent?: ResourceName;
  /** A watched state older than this is unknown: interval and time-out of its monitor, and a little. */
  readonly monitorOverdueMs: number;
};

export type GroupSpec = {
  readonly name: GroupName;
  readonly homeHost: HostName;
  /** Tried in order; empty: the group is managed in place and nobody is fenced for it. */
  readonly failoverHosts: readonly HostName[];
  readonly resources: readonly ResourceSpec[];
  /** Groups that must run before this one starts on a cold start. */
  readonly startAfter: readonly GroupName[];
};

export type HostSpec = {
  readonly name: HostName;
  /** Levels of fence devices: all devices of one level, else the next level. */
  readonly levels: readonly (readonly DeviceName[])[];
};

export type FencingSpec = {
  /** How long one run of a fence program may take, its retries included. */
  readonly timeoutMs: number;
  /** Pause between two rounds through all levels. */
  readonly retryMs: number;
  /** How often the power of a healthy host is asked for, to prove its devices. */
  readonly checkMs: number;
  readonly maxConcurrent: number;
  readonly maxPerHour: number;
  /** A fenced host may be fenced again without being told to after this; absent: after `reset`. */
  readonly rearmMs?: number;
  /** What to do when the failover target still reaches the suspect. */
  readonly onReached: 'alarm' | 'fence';
};

export type ClusterSpec = {
  readonly mode: 'observe' | 'manage';
  readonly heartbeatTimeoutMs: number;
  /** How long connections may be refused before `onAgentTimeout` is followed. */
  readonly agentTimeoutMs: number;
  readonly onAgentTimeout: 'alarm' | 'fence';
  readonly restartAttempts: number;
  readonly restartWindowMs: number;
  /** The managed host on which the manager itself runs, if it does. */
  readonly managerHost?: HostName;
  /** A witness outside of the cluster is configured. */
  readonly witness: boolean;
  readonly fencing: FencingSpec;
  readonly hosts: ReadonlyMap<HostName, HostSpec>;
  readonly groups: ReadonlyMap<GroupName, GroupSpec>;
};

/** Every host that may run the group, home first. */
export function listOf(group: GroupSpec): readonly HostName[] {
  return [group.homeHost, ...group.failoverHosts];
}
