// SPDX-License-Identifier: Apache-2.0
/** The core's view of the cluster as the API shows it, with what only the shell knows. */
import type { Epoch } from '../../agent/contract.ts';
import type { HaConfig } from '../config.ts';
import type { Alarm, HostView, Status } from '../contract.ts';
import type { FenceEnd } from '../manager-api.ts';
import type { HostState } from '../core/state.ts';
import type { ClusterLook, GroupLook, HostLook } from '../core/view.ts';

/** What the shell knows besides. */
export type ShellLook = {
  readonly alarms: readonly Alarm[];
  readonly certificateOf: (host: string) => HostView['certificate'];
};

export function statusOf(
  look: ClusterLook,
  config: HaConfig,
  epoch: Epoch,
  shell: ShellLook,
): Status {
  return {
    mode: look.mode,
    acting: look.acting,
    epoch,
    hosts: look.hosts.map((host) => hostOf(host, shell)),
    groups: look.groups.map((group) => groupOf(group, config)),
    alarms: [...shell.alarms, ...look.alarms],
  };
}

function hostOf(host: HostLook, { certificateOf }: ShellLook): HostView {
  const certificate = certificateOf(host.name);
  return { ...host, devices: [...host.devices], ...(certificate && { certificate }) };
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

/** How the last fence of the host has ended, or its first round failed; undefined: it is under way. */
export function fenceEndOf(host: HostState | undefined): FenceEnd | undefined {
  const { fence } = host ?? {};
  // One that waits for its turn has not failed.
  if (fence !== undefined)
    return fence.phase === 'pause' && fence.round >= 0 ? 'failed' : undefined;
  return host?.off?.confirmed === true ? 'off' : 'failed';
}
