// SPDX-License-Identifier: Apache-2.0
/** The aureole.yaml of a cluster under trial. */
import { stringify } from 'yaml';
import type { DeviceEntry, HostEntry } from '../lab/cluster.ts';

export type TrialGroup = {
  readonly name: string;
  readonly home: string;
  readonly failover: readonly string[];
};

export type TrialResource = {
  readonly kind: string;
  readonly parameters: Readonly<Record<string, string>>;
};

export type TrialSettings = {
  readonly hosts: readonly HostEntry[];
  readonly groups: readonly TrialGroup[];
  readonly heartbeatTimeout: string;
  /** Parameters that all lab/Recorded share. */
  readonly recorded: Readonly<Record<string, string>>;
  /** A directory on the disk that the group's canary watches, and its log; absent: no canary. */
  readonly canary?: (group: string) => Readonly<Record<string, string>>;
  /** How many recorded resources a group has beside its root, all after it and side by side. */
  readonly dependents?: number;
  /** Keys of the section `ha` that are to be other than here. */
  readonly ha?: Readonly<Record<string, unknown>>;
  /** Of each fence program. */
  readonly fenceTimeout?: string;
  /** Of the scripts of recorded resources. */
  readonly timeouts?: Readonly<Record<string, string>>;
  /** What stands for the fence device of a host. */
  readonly device?: (host: string, device: DeviceEntry) => DeviceEntry;
  /** What stands for lab/Recorded. */
  readonly resource?: (thing: string) => TrialResource;
};

export function trialConfiguration(settings: TrialSettings): string {
  const { hosts, groups, heartbeatTimeout, ha } = settings;
  return stringify({
    hosts: hosts.map((entry) => hostOf(entry, settings)),
    resources: groups.flatMap((group) => resourcesOf(group, settings)),
    resource_groups: groups.map(({ name, home, failover }) => ({
      root: name,
      home_host: home,
      failover_hosts: failover,
    })),
    ha: {
      mode: 'manage',
      heartbeat_timeout: heartbeatTimeout,
      monitor_interval: '2s',
      // More happens here in a minute than elsewhere in a year.
      fencing: { check: '10s', retry: '5s', max_per_hour: 10_000, rearm: 'after 1m' },
      ...ha,
    },
  });
}

function hostOf({ fencing, ...entry }: HostEntry, settings: TrialSettings): object {
  const name = entry.hostname.replace(/:.*/, '');
  const { fenceTimeout: timeout = '15s' } = settings;
  const deviceOf = (device: DeviceEntry): object => {
    return { ...(settings.device?.(name, device) ?? device), timeout };
  };
  return { ...entry, fencing: fencing.map((level) => level.map(deviceOf)) };
}

function resourcesOf({ name }: TrialGroup, settings: TrialSettings): readonly object[] {
  const { recorded, canary, dependents = 0 } = settings;
  const more = Array.from({ length: dependents }, (_, i) => `${name}-${i + 1}`);
  const limits = settings.timeouts === undefined ? {} : { timeouts: settings.timeouts };
  const record = (thing: string): object => {
    const own = { kind: 'lab/Recorded', parameters: { thing, ...recorded } };
    return { name: thing, ...(settings.resource?.(thing) ?? own), ...limits };
  };
  const bird = { name: `${name}-canary`, kind: 'aureole/Canary', parameters: canary?.(name) };
  const birds = canary === undefined ? [] : [bird];
  const above = [...more, ...birds.map((one) => one.name)];
  return [
    { ...record(name), ...(above.length > 0 ? { dependents: above } : {}) },
    ...more.map(record),
    ...birds,
  ];
}
