// SPDX-License-Identifier: Apache-2.0
/** The clusters that scenarios play on, with the product's own defaults, and the settings that a text may change. */
import type { ClusterSpec, FencingSpec, GroupSpec, HostSpec } from '../core/spec.ts';
import type { Shape } from './cluster-shapes.ts';

type Group = Readonly<{
  name: string;
  home: string;
  others?: readonly string[];
  resources?: readonly string[];
  after?: readonly string[];
}>;
export type Preset = Readonly<{ hosts: readonly string[]; groups: readonly Group[] }>;

/** Each pool carries one target, which stands on it. */
const PRESETS: Readonly<Record<string, Preset>> = {
  pair: {
    hosts: ['oss1', 'oss2'],
    groups: [
      { name: 'pool0', home: 'oss1', others: ['oss2'] },
      { name: 'pool1', home: 'oss2', others: ['oss1'] },
    ],
  },
  quad: {
    hosts: ['oss1', 'oss2', 'oss3', 'oss4'],
    groups: [
      { name: 'pool0', home: 'oss1', others: ['oss2'] },
      { name: 'pool1', home: 'oss2', others: ['oss1'] },
      { name: 'pool2', home: 'oss3', others: ['oss4'] },
      { name: 'pool3', home: 'oss4', others: ['oss3'] },
    ],
  },
  trio: {
    hosts: ['oss1', 'oss2', 'oss3'],
    groups: [{ name: 'pool0', home: 'oss1', others: ['oss2', 'oss3'] }],
  },
  single: {
    hosts: ['oss1', 'oss2'],
    groups: [{ name: 'pool0', home: 'oss1' }],
  },
  mixed: {
    hosts: ['oss1', 'oss2'],
    groups: [
      { name: 'pool0', home: 'oss1' },
      { name: 'pool1', home: 'oss1', others: ['oss2'] },
    ],
  },
  loaded: {
    hosts: ['oss1', 'oss2'],
    groups: [
      { name: 'pool0', home: 'oss1', others: ['oss2'] },
      { name: 'pool1', home: 'oss1', others: ['oss2'] },
    ],
  },
  ordered: {
    hosts: ['mds1', 'oss1'],
    groups: [
      { name: 'mgs', home: 'mds1', others: ['oss1'], resources: ['mgs'] },
      { name: 'pool0', home: 'oss1', others: ['mds1'], after: ['mgs'] },
    ],
  },
};

/** What the text sets, by the name that it has in the configuration; `supplies`: power supplies of each host. */
export type Settings = ReadonlyMap<string, string>;

/** Interval and time-out of a monitor; a heartbeat_timeout comes on top. */
const MONITOR_MS = 25_000;

export function getPreset(name: string): Preset {
  const preset = PRESETS[name];
  if (preset !== undefined) return preset;
  throw new Error(`no such cluster: ${name}; there are ${Object.keys(PRESETS).join(', ')}`);
}

export function buildCluster(preset: Preset, settings: Settings): Shape {
  const left = new Map(settings);
  const take = (key: string): string | undefined => {
    const value = left.get(key);
    left.delete(key);
    return value;
  };
  const supplies = Number(take('supplies') ?? '1');
  const spec = buildSpec(preset, supplies, take);
  const [unknown] = left.keys();
  if (unknown !== undefined) throw new Error(`no such setting: ${unknown}`);
  return { spec, supplies: new Map(preset.hosts.map((host) => [host, supplies])) };
}

type Take = (key: string) => string | undefined;

function buildSpec({ hosts, groups }: Preset, supplies: number, take: Take): ClusterSpec {
  const managerHost = take('manager_host');
  const heartbeatTimeoutMs = parseDuration(take('heartbeat_timeout') ?? '10s');
  return {
    mode: take('mode') === 'observe' ? 'observe' : 'manage',
    heartbeatTimeoutMs,
    agentTimeoutMs: 60_000,
    onAgentTimeout: take('on_agent_timeout') === 'fence' ? 'fence' : 'alarm',
    restartAttempts: 3,
    restartWindowMs: 600_000,
    ...(managerHost === undefined ? {} : { managerHost }),
    witness: take('witness') === 'yes',
    fencing: buildFencing(take),
    hosts: new Map(hosts.map((host) => [host, buildHost(host, supplies)])),
    groups: new Map(groups.map((group) => [group.name, buildGroup(group, heartbeatTimeoutMs)])),
  };
}

function buildFencing(take: Take): FencingSpec {
  const rearm = take('rearm');
  return {
    timeoutMs: 20_000,
    retryMs: 30_000,
    checkMs: 300_000,
    maxConcurrent: Number(take('max_concurrent') ?? '1'),
    maxPerHour: Number(take('max_per_hour') ?? '4'),
    ...(rearm === undefined ? {} : { rearmMs: parseDuration(rearm) }),
    onReached: take('on_reached') === 'fence' ? 'fence' : 'alarm',
  };
}

function buildHost(name: string, supplies: number): HostSpec {
  const devices = Array.from({ length: supplies }, (_, supply) =>
    supplies === 1 ? `${name}/ipmi` : `${name}/psu${supply}`,
  );
  return { name, levels: [devices] };
}

function buildGroup(
  { name, home, others, resources, after }: Group,
  heartbeatTimeoutMs: number,
): GroupSpec {
  const names = resources ?? [name, name.replace('pool', 'ost')];
  return {
    name,
    homeHost: home,
    failoverHosts: others ?? [],
    resources: names.map((resource, index) => ({
      name: resource,
      monitorOverdueMs: MONITOR_MS + heartbeatTimeoutMs,
      ...(index === 0 ? {} : { parent: name }),
    })),
    startAfter: after ?? [],
  };
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

export function parseDuration(text: string | undefined): number {
  const [, count = '', unit = ''] = /^(\d+)(ms|s|m|h)$/.exec(text ?? '') ?? [];
  const unitMs = UNITS[unit];
  if (unitMs === undefined)
    throw new Error(`not a duration: ${text ?? ''}; write 500ms, 10s or 5m`);
  return Number(count) * unitMs;
}
