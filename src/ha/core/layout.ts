// SPDX-License-Identifier: Apache-2.0
/** Look-ups that follow from the configuration, made once. */
import {
  listOf,
  type ClusterSpec,
  type GroupName,
  type HostName,
  type ResourceName,
  type ResourceSpec,
} from './spec.ts';

export type Layout = Readonly<{
  /** The group and description of each resource. */
  owners: ReadonlyMap<ResourceName, Readonly<{ group: GroupName; resource: ResourceSpec }>>;
  /** Groups whose list names the host. */
  groupsOf: ReadonlyMap<HostName, readonly GroupName[]>;
  /** Groups that wait for this one on a cold start. */
  waitingFor: ReadonlyMap<GroupName, readonly GroupName[]>;
}>;

export function layoutOf(spec: ClusterSpec): Layout {
  const owners = new Map<ResourceName, { group: GroupName; resource: ResourceSpec }>();
  const groupsOf = new Map<HostName, GroupName[]>();
  const waitingFor = new Map<GroupName, GroupName[]>();
  for (const group of spec.groups.values()) {
    for (const resource of group.resources)
      owners.set(resource.name, { group: group.name, resource });
    for (const host of listOf(group)) append(groupsOf, host, group.name);
    for (const earlier of group.startAfter) append(waitingFor, earlier, group.name);
  }
  return { owners, groupsOf, waitingFor };
}

function append<K>(map: Map<K, string[]>, key: K, value: string): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
