// SPDX-License-Identifier: Apache-2.0
/** Clusters to simulate: pairs, larger lists, groups without failover, one to three resources, one or two supplies. */
import type { Random } from '../../kernel/random.ts';
import type { ClusterSpec, GroupSpec, HostSpec, ResourceSpec } from '../core/spec.ts';

export type Shape = Readonly<{ spec: ClusterSpec; supplies: ReadonlyMap<string, number> }>;

export const SIM_HEARTBEAT_MS = 10_000;

/** Where the size is given, only the rest is drawn. */
export type Size = Readonly<{ hosts: number; groups: number }>;

export function drawShape(random: Random, size?: Size): Shape {
  const drawnHosts = random.pick([2, 4, 4, 4, 5]);
  const hostCount = size?.hosts ?? drawnHosts;
  const names = Array.from({ length: hostCount }, (_, i) => `oss${i + 1}`);
  const supplies = new Map<string, number>();
  const hosts = new Map<string, HostSpec>();
  for (const name of names) {
    const count = random.chance(0.3) ? 2 : 1;
    supplies.set(name, count);
    const level = Array.from({ length: count }, (_, i) => `${name}/psu${i}`);
    hosts.set(name, { name, levels: [level] });
  }
  const groups = new Map<string, GroupSpec>();
  const drawnGroups = random.between(1, 6);
  const groupCount = size?.groups ?? drawnGroups;
  for (let i = 0; i < groupCount; i++) {
    const group = drawGroup(random, names, i, [...groups.keys()]);
    groups.set(group.name, group);
  }
  const onHost = random.chance(0.2);
  const spec: ClusterSpec = {
    mode: 'manage',
    heartbeatTimeoutMs: SIM_HEARTBEAT_MS,
    agentTimeoutMs: 60_000,
    onAgentTimeout: random.chance(0.3) ? 'fence' : 'alarm',
    restartAttempts: 3,
    restartWindowMs: 600_000,
    ...(onHost && names[0] !== undefined ? { managerHost: names[0] } : {}),
    witness: onHost && random.chance(0.7),
    fencing: {
      timeoutMs: 20_000,
      retryMs: 15_000,
      checkMs: 60_000,
      maxConcurrent: random.between(1, 2),
      maxPerHour: 10,
      ...(random.chance(0.5) ? { rearmMs: 120_000 } : {}),
      onReached: 'alarm',
    },
    hosts,
    groups,
  };
  return { spec, supplies };
}

function drawGroup(
  random: Random,
  hosts: readonly string[],
  index: number,
  earlier: readonly string[],
): GroupSpec {
  const name = `g${index}`;
  const first = random.between(0, hosts.length - 1);
  const rotated = [...hosts.slice(first), ...hosts.slice(0, first)];
  const length = random.pick([1, 2, 2, 2, 3]);
  const [homeHost = 'oss1', ...others] = rotated.slice(0, Math.min(length, hosts.length));
  const resources: ResourceSpec[] = [{ name, monitorOverdueMs: 35_000 }];
  for (let i = 0; i < random.between(0, 2); i++) {
    const parent = random.chance(0.5) ? name : (resources.at(-1)?.name ?? name);
    resources.push({ name: `${name}r${i}`, parent, monitorOverdueMs: 35_000 });
  }
  const after = earlier[0];
  const startAfter = after !== undefined && random.chance(0.3) ? [after] : [];
  return { name, homeHost, failoverHosts: others, resources, startAfter };
}
