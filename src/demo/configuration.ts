// SPDX-License-Identifier: Apache-2.0
/** The demo's aureole.yaml: four hosts, two failover pairs, one resource group at home on each. */
import { stringify } from 'yaml';
import type { HostEntry } from '../lab/cluster.ts';

export const HOSTS = ['oss1', 'oss2', 'oss3', 'oss4'] as const;

/** The first one starts before the others, as a Lustre file system wants it. */
export const GROUPS = [
  { name: 'mgs', home: 'oss1', failover: 'oss2' },
  { name: 'mdt0', home: 'oss2', failover: 'oss1' },
  { name: 'ost0', home: 'oss3', failover: 'oss4' },
  { name: 'ost1', home: 'oss4', failover: 'oss3' },
] as const;

export type ResourceEntry = {
  readonly name: string;
  readonly kind: string;
  readonly parameters: Readonly<Record<string, string | number>>;
};

export type DemoSettings = {
  readonly hosts: readonly HostEntry[];
  /** The root first; the others start after it, side by side. */
  readonly resourcesOf: (group: string) => readonly ResourceEntry[];
};

export function demoConfiguration({ hosts, resourcesOf }: DemoSettings): string {
  const [first, ...others] = GROUPS;
  return stringify({
    hosts: hosts.map(({ fencing, ...host }) => ({
      ...host,
      fencing: fencing.map((level) => level.map((device) => ({ ...device, timeout: '15s' }))),
    })),
    resources: GROUPS.flatMap(({ name }) => {
      const [root, ...dependents] = resourcesOf(name);
      return [{ ...root, dependents: dependents.map((resource) => resource.name) }, ...dependents];
    }),
    resource_groups: [
      { root: first.name, home_host: first.home, failover_hosts: [first.failover] },
      ...others.map(({ name, home, failover }) => ({
        root: name,
        home_host: home,
        failover_hosts: [failover],
        start_after: [first.name],
      })),
    ],
    ha: {
      mode: 'manage',
      heartbeat_timeout: '3s',
      agent_timeout: '30s',
      monitor_interval: '2s',
      // Whoever plays with it breaks a host more often than that happens in a year.
      fencing: { check: '10s', retry: '5s', max_per_hour: 1_000, rearm: 'after 1m' },
    },
  });
}
