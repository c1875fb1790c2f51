// SPDX-License-Identifier: Apache-2.0
/** The lists of the file after their shape was checked, and who may be referred to by which name. */
import type { z } from 'zod';
import { parsePart, type Mistake, type Path } from './mistakes.ts';
import {
  FileShape,
  GroupEntry,
  HaSection,
  HostEntry,
  NodeGroupsSection,
  ResourceEntry,
} from './schema.ts';

export type Placed<T> = { readonly entry: T; readonly path: Path };

export type Entries = {
  readonly hosts: readonly Placed<HostEntry>[];
  readonly resources: readonly Placed<ResourceEntry>[];
  readonly groups: readonly Placed<GroupEntry>[];
  readonly ha: HaSection;
  readonly nodeGroups: Readonly<Record<string, string>>;
  /**
   * How the file may speak of a host (`oss1` or, verbatim, `oss1:9000`), and the host's name. Holds
   * hosts with mistakes of their own too: they are no reason to call a reference to them wrong.
   */
  readonly hostNames: ReadonlyMap<string, string>;
  readonly resourceNames: ReadonlySet<string>;
  readonly groupNames: ReadonlySet<string>;
};

export function readEntries(value: unknown, mistakes: Mistake[]): Entries {
  const whole = FileShape.safeParse(value);
  if (!whole.success) parsePart(FileShape, value, [], mistakes);
  const hosts = readList(HostEntry, value, 'hosts', 'hostname', mistakes);
  const resources = readList(ResourceEntry, value, 'resources', 'name', mistakes);
  const groups = readList(GroupEntry, value, 'resource_groups', 'root', mistakes);
  const ha = parsePart(HaSection, property(value, 'ha') ?? {}, ['ha'], mistakes);
  const nodeGroups = parsePart(
    NodeGroupsSection,
    property(value, 'node_groups') ?? {},
    ['node_groups'],
    mistakes,
  );
  const hostNames = new Map<string, string>();
  for (const text of hosts.names) {
    const [name = text] = text.split(':');
    hostNames.set(text, name);
    hostNames.set(name, name);
  }
  return {
    hosts: hosts.placed,
    resources: resources.placed,
    groups: groups.placed,
    ha: ha ?? HaSection.parse({}),
    nodeGroups: nodeGroups ?? {},
    hostNames,
    resourceNames: new Set(resources.names),
    groupNames: new Set(groups.names),
  };
}

/** Says of every entry but the first with a name that the name is taken. */
export function findDuplicates<T>(
  entries: readonly Placed<T>[],
  key: string,
  nameOf: (entry: T) => string,
  mistakes: Mistake[],
): void {
  const seen = new Set<string>();
  for (const { entry, path } of entries) {
    const name = nameOf(entry);
    if (seen.has(name)) {
      const text = `"${name}" stands here a second time: remove or rename one`;
      mistakes.push({ path: [...path, key], at: 'value', text });
    }
    seen.add(name);
  }
}

/** Each entry by itself, so that a mistake in one hides none in the others. */
function readList<T>(
  schema: z.ZodType<T>,
  file: unknown,
  list: string,
  nameKey: string,
  mistakes: Mistake[],
): { placed: Placed<T>[]; names: string[] } {
  const placed: Placed<T>[] = [];
  const names: string[] = [];
  const items = property(file, list);
  for (const [index, item] of (Array.isArray(items) ? items : []).entries()) {
    const path = [list, index];
    const name = property(item, nameKey);
    if (typeof name === 'string') names.push(name);
    const entry = parsePart(schema, item, path, mistakes);
    if (entry !== undefined) placed.push({ entry, path });
  }
  return { placed, names };
}

function property(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  return new Map<string, unknown>(Object.entries(value)).get(key);
}
