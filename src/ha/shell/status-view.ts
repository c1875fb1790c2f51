// SPDX-License-Identifier: Apache-2.0
/** The core's view of the cluster as the API shows it, with what only the shell knows. */
import type { Epoch } from '../../agent/contract.ts';
import type { HaConfig } from '../config.ts';
import type { Alarm, Status } from '../contract.ts';
import type { ClusterLook, GroupLook } from '../core/view.ts';

export function statusOf(
  look: ClusterLook,
  config: HaConfig,
  epoch: Epoch,
  ownAlarms: readonly Alarm[],
): Status {
  return {
    mode: look.mode,
    acting: look.acting,
    epoch,
    hosts: look.hosts.map((host) => ({ ...host, devices: [...host.devices] })),
    groups: look.groups.map((group) => groupOf(group, config)),
    alarms: [...ownAlarms, ...look.alarms],
  };
}

function groupOf(group: GroupLook, { resources }: HaConfig): Status['groups'][number] {
  return {
    ...group,
    failoverHosts: [...group.failoverHosts],
    resources: group.resources.map((resource) => ({
      ...resource,
      kind: resources.get(resource.name)?.kind ?? '',
      hosts: [...resource.hosts],
    })),
  };
}
