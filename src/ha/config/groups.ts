// SPDX-License-Identifier: Apache-2.0
/** Resource groups: each is the tree below its root, and no resource is in two places. */
import { DEFAULT_TIMEOUT_MS } from '../../agent/contract.ts';
import type { GroupSpec, ResourceSpec } from '../core/spec.ts';
import { findCycles } from './cycles.ts';
import type { Mistake } from './mistakes.ts';
import { findDuplicates, type Entries, type Placed } from './references.ts';
import type { GroupEntry, ResourceEntry } from './schema.ts';

/** By which group, and by which way in it. */
type Reached = { readonly group: string; readonly way: string };

type Resources = ReadonlyMap<string, Placed<ResourceEntry>>;

export function buildGroups(entries: Entries, mistakes: Mistake[]): Map<string, GroupSpec> {
  const resources: Resources = new Map(entries.resources.map((item) => [item.entry.name, item]));
  findDuplicates(entries.resources, 'name', ({ name }) => name, mistakes);
  findDuplicates(entries.groups, 'root', ({ root }) => root, mistakes);
  checkResources(entries, mistakes);
  checkTwins(entries, mistakes);
  checkOrder(entries, mistakes);
  const groups = new Map<string, GroupSpec>();
  const reached = new Map<string, Reached>();
  for (const { entry, path } of entries.groups) {
    if (groups.has(entry.root)) continue;
    checkHosts({ entry, path }, entries, mistakes);
    const nameOf = (host: string): string => entries.hostNames.get(host) ?? host;
    groups.set(entry.root, {
      name: entry.root,
      homeHost: nameOf(entry.home_host),
      failoverHosts: entry.failover_hosts.map(nameOf),
      resources: walkTree({ entry, path }, resources, entries, reached, mistakes),
      startAfter: entry.start_after,
    });
  }
  return groups;
}

function checkResources({ resources, resourceNames }: Entries, mistakes: Mistake[]): void {
  for (const { entry, path } of resources) {
    if (entry.shared === 'true') {
      const text = `shared: true will be accepted from a later release on: until then remove the key, and let one group alone reach the resource`;
      mistakes.push({ path: [...path, 'shared'], at: 'key', text });
    }
    for (const [index, dependent] of entry.dependents.entries()) {
      if (resourceNames.has(dependent)) continue;
      const text = `unknown resource "${dependent}": add it to resources, or correct the name`;
      mistakes.push({ path: [...path, 'dependents', index], at: 'value', text });
    }
  }
  const graph = new Map(resources.map(({ entry }) => [entry.name, entry.dependents]));
  for (const cycle of findCycles(graph)) {
    const at = resources.find(({ entry }) => entry.name === cycle.at(-2));
    const text = `dependents go round in a circle, ${cycle.join(' > ')}: remove one of them`;
    mistakes.push({ path: [...(at?.path ?? []), 'dependents'], at: 'value', text });
  }
}

/** One thing under two names would have two homes. Without parameters a script acts on its name alone. */
function checkTwins({ resources }: Entries, mistakes: Mistake[]): void {
  const seen = new Map<string, string>();
  for (const { entry, path } of resources) {
    const parameters = Object.entries(entry.parameters);
    if (parameters.length === 0) continue;
    const thing = JSON.stringify([entry.kind, parameters.toSorted(([a], [b]) => (a < b ? -1 : 1))]);
    const twin = seen.get(thing);
    if (twin !== undefined && twin !== entry.name) {
      const text = `"${entry.name}" has the kind and the parameters of "${twin}": one thing under two names could run on two hosts; remove one of them`;
      mistakes.push({ path, at: 'value', text });
    }
    seen.set(thing, twin ?? entry.name);
  }
}

function checkOrder({ groups, groupNames }: Entries, mistakes: Mistake[]): void {
  for (const { entry, path } of groups) {
    for (const [index, before] of entry.start_after.entries()) {
      const isTwice = entry.start_after.indexOf(before) < index;
      if (groupNames.has(before) && !isTwice) continue;
      const text = isTwice
        ? `group "${before}" is listed twice: remove it here`
        : `unknown resource group "${before}": write the root of one`;
      mistakes.push({ path: [...path, 'start_after', index], at: 'value', text });
    }
  }
  const graph = new Map(groups.map(({ entry }) => [entry.root, entry.start_after]));
  for (const cycle of findCycles(graph)) {
    const at = groups.find(({ entry }) => entry.root === cycle.at(-2));
    const text = `start_after goes round in a circle, ${cycle.join(' > ')}: remove one of them`;
    mistakes.push({ path: [...(at?.path ?? []), 'start_after'], at: 'value', text });
  }
}

function checkHosts(group: Placed<GroupEntry>, { hostNames }: Entries, mistakes: Mistake[]): void {
  const { entry, path } = group;
  const references = [
    { host: entry.home_host, where: [...path, 'home_host'] },
    ...entry.failover_hosts.map((host, index) => ({
      host,
      where: [...path, 'failover_hosts', index],
    })),
  ];
  const seen = new Set<string>();
  for (const { host, where } of references) {
    const name = hostNames.get(host);
    if (name === undefined) {
      const text = `unknown host "${host}": add it to hosts, or write it as it stands there`;
      mistakes.push({ path: where, at: 'value', text });
    } else if (seen.has(name)) {
      const what = name === hostNames.get(entry.home_host) ? 'the home host too' : 'listed twice';
      mistakes.push({
        path: where,
        at: 'value',
        text: `host "${host}" is ${what}: remove it here`,
      });
    }
    seen.add(name ?? host);
  }
}

/** Parents before children, siblings as they are declared. `reached` remembers by which way, over all groups. */
function walkTree(
  { entry: group, path: groupPath }: Placed<GroupEntry>,
  resources: Resources,
  { resourceNames, ha }: Entries,
  reached: Map<string, Reached>,
  mistakes: Mistake[],
): ResourceSpec[] {
  if (!resourceNames.has(group.root)) {
    const text = `unknown resource "${group.root}": add it to resources, or correct the name`;
    mistakes.push({ path: [...groupPath, 'root'], at: 'value', text });
  }
  const specs: ResourceSpec[] = [];
  const todo: { name: string; parent?: string; way: string; where: Mistake['path'] }[] = [
    { name: group.root, way: group.root, where: [...groupPath, 'root'] },
  ];
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    const { name, parent, way, where } = next;
    const before = reached.get(name);
    if (before !== undefined) {
      // A cycle brings us back here as well, and is told as what it is.
      if (!way.split(' > ').slice(0, -1).includes(name)) {
        const text = reachedTwice(name, before, { group: group.root, way });
        mistakes.push({ path: where, at: 'value', text });
      }
      continue;
    }
    reached.set(name, { group: group.root, way });
    const found = resources.get(name);
    if (found === undefined) continue;
    specs.push(specOf(found.entry, parent, ha));
    const children = found.entry.dependents.map((child, index) => ({
      name: child,
      parent: name,
      way: `${way} > ${child}`,
      where: [...found.path, 'dependents', index],
    }));
    todo.push(...children.toReversed());
  }
  return specs;
}

function reachedTwice(name: string, first: Reached, second: Reached): string {
  if (first.group === second.group) {
    return `resource "${name}" is reached twice in group "${first.group}", as ${first.way} and as ${second.way}: remove it from one place`;
  }
  return (
    `resource "${name}" is in two groups, in "${first.group}" as ${first.way} and in "${second.group}" as ${second.way}: ` +
    'leave it in one; shared: true will be accepted from a later release on'
  );
}

function specOf(entry: ResourceEntry, parent: string | undefined, ha: Entries['ha']): ResourceSpec {
  const interval = entry.monitor_interval ?? ha.monitor_interval;
  const timeout = entry.timeouts.monitor ?? DEFAULT_TIMEOUT_MS;
  return {
    name: entry.name,
    ...(parent === undefined ? {} : { parent }),
    monitorOverdueMs: interval + timeout + ha.heartbeat_timeout,
  };
}
