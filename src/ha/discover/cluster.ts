// SPDX-License-Identifier: Apache-2.0
/**
 * The findings of all hosts put together: which groups there are, and for which of them a second host
 * is certain, since it sees the same pool. What is on two hosts and cannot be one group is left out.
 */
import type { Findings, Pool, Target } from './findings.ts';

export type FoundHost = { readonly host: string; readonly findings: Findings };

export type FoundGroup = {
  readonly homeHost: string;
  /** Hosts that see the disks of its pool. */
  readonly failoverHosts: readonly string[];
  readonly pool?: string;
  readonly targets: readonly Target[];
};

export type FoundCluster = {
  readonly groups: readonly FoundGroup[];
  /** Why something is in no group. */
  readonly notes: readonly string[];
};

export function putTogether(hosts: readonly FoundHost[]): FoundCluster {
  const notes: string[] = [];
  const groups: FoundGroup[] = [];
  const pools = Map.groupBy(
    hosts.flatMap(({ host, findings }) => findings.pools.map((pool) => ({ host, pool }))),
    ({ pool }) => pool.name,
  );
  for (const [name, [first, ...others]] of pools) {
    if (first === undefined) continue;
    const { host, pool } = first;
    if (others.length === 0) {
      groups.push({ ...groupOfPool(hosts, host, pool), pool: name });
      continue;
    }
    const where = [first, ...others].map((one) => one.host).join(' and ');
    const isSame = others.some((one) => one.pool.guid === pool.guid);
    notes.push(
      isSame
        ? `pool ${name} is imported on ${where} AT THE SAME TIME: export it on one of them at once`
        : `pool ${name} is another one on each of ${where}: left out, as pools of the hosts themselves`,
    );
  }
  const inPools = new Set(groups.flatMap(({ targets }) => targets));
  for (const { host, findings } of hosts) {
    for (const target of findings.targets.filter((one) => !inPools.has(one))) {
      if (pools.has(poolOf(target))) continue;
      groups.push({ homeHost: host, failoverHosts: [], targets: [target] });
    }
  }
  return withoutDoubles(groups, notes);
}

function groupOfPool(
  hosts: readonly FoundHost[],
  homeHost: string,
  { guid, name }: Pool,
): FoundGroup {
  const home = hosts.find(({ host }) => host === homeHost);
  return {
    homeHost,
    failoverHosts: hosts
      .filter(({ findings }) => findings.importable.some((other) => other.guid === guid))
      .map(({ host }) => host),
    targets: home?.findings.targets.filter((target) => poolOf(target) === name) ?? [],
  };
}

/** Of a target on ZFS, `pool/dataset`. */
function poolOf({ device }: Target): string {
  return device.startsWith('/') ? '' : (device.split('/')[0] ?? '');
}

/** A device of one name on two hosts may be one or two: nobody can tell from here. */
function withoutDoubles(groups: readonly FoundGroup[], notes: readonly string[]): FoundCluster {
  const byRoot = Map.groupBy(groups, (group) => group.pool ?? group.targets[0]?.device ?? '');
  const doubles = [...byRoot].filter(([, all]) => all.length > 1);
  return {
    groups: [...byRoot.values()].filter((all) => all.length === 1).flat(),
    notes: [
      ...notes,
      ...doubles.map(([root, all]) => {
        const where = all.map(({ homeHost }) => homeHost).join(' and ');
        return `${root} is mounted on ${where}: left out; write it by hand, under a name of its own`;
      }),
    ],
  };
}
