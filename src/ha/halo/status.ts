// SPDX-License-Identifier: Apache-2.0
/** The status in HALO's words: what `GET /status` answers to programs that were written for HALO. */
import type { EventView, GroupView, HostView, ResourceView, Status } from '../contract.ts';
import { CLEARED } from '../shell/journal-events.ts';
import { HALO_FENCE, hasFailedOn, localTime } from './words.ts';

/** Which of our events HALO has a name for; an order that was refused is none to it. */
const EVENT_NAMES: ReadonlyMap<string, string> = new Map([
  ['ha.order.manage', 'manage'],
  ['ha.order.unmanage', 'unmanage'],
  ['ha.order.activate', 'activate'],
  ['ha.order.deactivate', 'deactivate'],
  ['ha.order.reset', 'reset'],
  ['ha.host.off', 'fence'],
  [HALO_FENCE, 'fence'],
  [CLEARED, 'clear'],
]);
export const NAMES_TOLD: readonly string[] = [...EVENT_NAMES.keys()];

export type ParametersOf = (resource: string) => Readonly<Record<string, string>>;

export function haloStatus(
  status: Status,
  events: readonly EventView[],
  parametersOf: ParametersOf,
): unknown {
  const isManaging = status.mode === 'manage';
  return {
    resources: status.groups.flatMap((group) =>
      breadthFirst(group).map((resource) => ({
        ...resourceOf(resource, group),
        parameters: parametersOf(resource.name),
        managed: isManaging && group.managed,
      })),
    ),
    hosts: status.hosts.map(hostOf),
    events: events.flatMap(eventOf),
  };
}

function breadthFirst({ resources }: GroupView): readonly ResourceView[] {
  const found = resources.filter(({ parent }) => parent === undefined);
  // It grows while it is read.
  for (const { name } of found) found.push(...resources.filter(({ parent }) => parent === name));
  return found;
}

function resourceOf({ name, kind, hosts }: ResourceView, group: GroupView) {
  const { homeHost, failoverHosts, resources } = group;
  return {
    id: name,
    kind,
    status: Object.fromEntries(hosts.map((one) => [one.host, statusOn(one, group)])),
    home_host: homeHost,
    failover_host: failoverHosts[0] ?? null,
    dependents: resources.filter(({ parent }) => parent === name).map((child) => child.name),
    exclusive: true,
  };
}

function statusOn(onHost: ResourceView['hosts'][number], group: GroupView) {
  switch (onHost.status) {
    case 'running':
      return { status: 'Running', comment: null };
    case 'stopped':
      return { status: 'Stopped', comment: null };
    case 'unknown':
      return {
        status: hasFailedOn(onHost, group) ? 'Error' : 'Unknown',
        comment: onHost.text,
      };
  }
}

function hostOf(host: HostView) {
  const { name, active, status } = host;
  return { id: name, active, connected: status === 'online', fenced: isFenced(host) };
}

/** A fence was begun and nobody has looked since: not, whether it is off. */
function isFenced({ armed, fence }: HostView): boolean {
  return !armed || fence !== undefined;
}

function eventOf({ name, outcome, time, host, group, reason, text }: EventView) {
  const event = EVENT_NAMES.get(name);
  if (event === undefined || outcome === 'refused' || outcome === 'failed') return [];
  const comment = (outcome === undefined ? text : reason) ?? '';
  return [
    {
      timestamp: localTime(time),
      event,
      obj_id: group ?? host ?? 'events',
      comment: comment === '' ? null : comment,
    },
  ];
}
