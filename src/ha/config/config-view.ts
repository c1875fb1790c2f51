// SPDX-License-Identifier: Apache-2.0
/** The configuration for people and for comparing: what the file means, without its secrets. */
import { formatDuration } from '../../model/duration.ts';
import type { HaConfig, ResourceSettings } from '../config.ts';
import type { ConfigView } from '../contract.ts';
import type { FenceDevice } from '../fencing/contract.ts';

type ResourceView = Omit<ConfigView['resources'][number], 'name' | 'group' | 'parent'>;

const MASK = '***';
/** Rather one parameter too many: nobody misses a value that he has in his file. */
const SECRET_NAME = /passw|passphrase|secret|token|community|credential|(?:^|_)key$/i;

export function viewConfig(config: HaConfig): ConfigView {
  return {
    path: config.path,
    hosts: viewHosts(config),
    resources: viewResources(config),
    groups: [...config.spec.groups.values()].map((group) => ({
      name: group.name,
      homeHost: group.homeHost,
      failoverHosts: [...group.failoverHosts],
      startAfter: [...group.startAfter],
    })),
    settings: viewSettings(config),
    nodeGroups: Object.fromEntries(config.nodeGroups),
  };
}

function viewHosts({ hosts, spec, devices }: HaConfig): ConfigView['hosts'] {
  return [...hosts].map(([name, { address, port }]) => {
    const levels = spec.hosts.get(name)?.levels ?? [];
    return {
      name,
      address,
      port,
      devices: levels.flatMap((level, index) =>
        level.flatMap((device) => viewDevice(devices.get(device), index + 1)),
      ),
    };
  });
}

function viewDevice(
  device: FenceDevice | undefined,
  level: number,
): ConfigView['hosts'][number]['devices'] {
  if (device === undefined) return [];
  const { name, agent, parameters, secrets, timeoutMs, retries } = device;
  const told = masked([...parameters], secrets);
  return [{ name, level, agent, parameters: told, timeout: formatDuration(timeoutMs), retries }];
}

/** Group by group as they start, then those that are in none. */
function viewResources({ resources, spec }: HaConfig): ConfigView['resources'] {
  const places = new Map<string, { group?: string; parent?: string }>();
  for (const group of spec.groups.values()) {
    for (const { name, parent } of group.resources) {
      places.set(name, { group: group.name, ...(parent === undefined ? {} : { parent }) });
    }
  }
  for (const name of resources.keys()) if (!places.has(name)) places.set(name, {});
  return [...places].flatMap(([name, place]) => {
    const settings = resources.get(name);
    return settings === undefined ? [] : [{ name, ...place, ...viewResource(settings) }];
  });
}

function viewResource(settings: ResourceSettings): ResourceView {
  const timeouts = Object.entries(settings.timeouts);
  return {
    kind: settings.kind,
    parameters: masked(Object.entries(settings.parameters), []),
    timeouts: Object.fromEntries(timeouts.map(([key, ms]) => [key, formatDuration(ms)])),
    monitorInterval: formatDuration(settings.monitorIntervalMs),
  };
}

function viewSettings({ spec, witness, operators }: HaConfig): Record<string, string> {
  const { fencing } = spec;
  return {
    mode: spec.mode,
    heartbeat_timeout: formatDuration(spec.heartbeatTimeoutMs),
    agent_timeout: formatDuration(spec.agentTimeoutMs),
    on_agent_timeout: spec.onAgentTimeout,
    restart_attempts: String(spec.restartAttempts),
    restart_window: formatDuration(spec.restartWindowMs),
    ...(spec.managerHost === undefined ? {} : { manager_host: spec.managerHost }),
    ...(witness === undefined ? {} : { witness: `${witness.address} port ${witness.port}` }),
    ...(operators === undefined ? {} : { operators }),
    'fencing.retry': formatDuration(fencing.retryMs),
    'fencing.check': formatDuration(fencing.checkMs),
    'fencing.max_concurrent': String(fencing.maxConcurrent),
    'fencing.max_per_hour': String(fencing.maxPerHour),
    'fencing.rearm':
      fencing.rearmMs === undefined ? 'manual' : `after ${formatDuration(fencing.rearmMs)}`,
    'fencing.on_reached': fencing.onReached,
  };
}

function masked(
  parameters: readonly (readonly [string, string])[],
  secrets: readonly string[],
): Record<string, string> {
  return Object.fromEntries(
    parameters.map(([key, value]) => {
      const isSecret = SECRET_NAME.test(key) || secrets.includes(value);
      return [key, isSecret ? MASK : value];
    }),
  );
}
