// SPDX-License-Identifier: Apache-2.0
/** Two hosts that a real manager can fence, and its configuration for them. */
import type { Cluster } from './manager-cluster.ts';

/** As the list `hosts`. */
export function fencedHosts(cluster: Cluster): string {
  const host = (name: string): string => `
  - hostname: ${name}:${cluster.portOf(name)}
    address: 127.0.0.1
    fencing: [[{ name: power, agent: ${cluster.fenceProgram}, parameters: { plug: ${name} } }]]`;
  return `${host('oss1')} ${host('oss2')}`;
}

/** One resource, `disk`, at home on oss1. */
export function pairConfig(cluster: Cluster): string {
  return `
hosts: ${fencedHosts(cluster)}
resources: [{ name: disk, kind: test/Service, parameters: {}, monitor_interval: 300ms }]
resource_groups: [{ root: disk, home_host: oss1, failover_hosts: [oss2] }]
ha: { mode: manage, heartbeat_timeout: 2s, fencing: { timeout: 5s, check: 1s } }
`;
}

/** Until the resource runs on oss1, and a fence would be believed. */
export async function untilWell(cluster: Cluster, resource: string): Promise<void> {
  await cluster.untilStatus('the group runs at home', cluster.runsOn(resource, 'oss1'));
  await cluster.untilStatus('its devices are proven', ({ hosts }) =>
    hosts.every((host) => host.devices.every((device) => device.trust === 'proven')),
  );
}
