// SPDX-License-Identifier: Apache-2.0
/** What is legal in a configuration, and rarely what its writer wanted: told by `validate`, and no reason not to start. */
import type { GroupSpec } from '../core/spec.ts';
import { OLD_NAMES } from '../fencing/old-names.ts';
import type { Mistake } from './mistakes.ts';
import type { Entries, Placed } from './references.ts';
import type { HostEntry } from './schema.ts';

export function findDoubts(
  entries: Entries,
  groups: ReadonlyMap<string, GroupSpec>,
): readonly Mistake[] {
  return [...hostDoubts(entries), ...groupDoubts(entries, groups), ...settingDoubts(entries)];
}

function hostDoubts({ hosts, groups, hostNames }: Entries): Mistake[] {
  const used = new Set(
    groups.flatMap(({ entry }) => {
      return [entry.home_host, ...entry.failover_hosts].map((host) => hostNames.get(host));
    }),
  );
  return hosts.flatMap((host) => {
    const { entry, path } = host;
    const doubts = shorthandDoubts(host);
    if (!used.has(hostNames.get(entry.hostname))) {
      const text = `host "${entry.hostname}" is in no group: it is only watched`;
      doubts.push({ path: [...path, 'hostname'], at: 'value', text });
    }
    return doubts;
  });
}

function shorthandDoubts({ entry, path }: Placed<HostEntry>): Mistake[] {
  const where = [...path, 'fence_parameters'];
  const parameters = entry.fence_parameters ?? {};
  if (typeof entry.fence_agent !== 'string') {
    if (Object.keys(parameters).length === 0) return [];
    return [
      { path: where, at: 'key', text: 'fence_parameters without fence_agent have no effect' },
    ];
  }
  const names = Object.keys(parameters).map((key) => OLD_NAMES.get(key) ?? key);
  if (entry.fence_agent !== 'redfish' || names.includes('ip')) return [];
  const text = `the BMC is asked under the name of the host itself: write ip under fence_parameters, unless that name leads to the BMC`;
  return [{ path: [...path, 'fence_agent'], at: 'value', text }];
}

function groupDoubts(
  { groups: entries, resources }: Entries,
  groups: ReadonlyMap<string, GroupSpec>,
): Mistake[] {
  const alone = entries.flatMap(({ entry, path }): Mistake[] => {
    if (entry.failover_hosts.length > 0) return [];
    const text = `group "${entry.root}" has no failover host: nobody takes it over, and nobody is fenced for it`;
    return [{ path: [...path, 'failover_hosts'], at: 'key', text }];
  });
  const inGroups = new Set([...groups.values()].flatMap((group) => group.resources).map(nameOf));
  const idle = resources.flatMap(({ entry, path }): Mistake[] => {
    if (inGroups.has(entry.name)) return [];
    const text = `resource "${entry.name}" is in no group: nobody starts it or watches it`;
    return [{ path: [...path, 'name'], at: 'value', text }];
  });
  return [...alone, ...idle];
}

function nameOf({ name }: { readonly name: string }): string {
  return name;
}

function settingDoubts({ ha }: Entries): Mistake[] {
  const doubts: Mistake[] = [];
  const doubt = (key: string, text: string): void => {
    doubts.push({ path: ['ha', ...key.split('.')], at: 'key', text });
  };
  if (ha.manager_host !== undefined && ha.witness === undefined) {
    doubt(
      'manager_host',
      'without ha.witness no silent host is fenced by itself, since the manager may be the one that is cut off',
    );
  }
  if (ha.agent_timeout < ha.heartbeat_timeout) {
    doubt(
      'agent_timeout',
      'is shorter than heartbeat_timeout: an agent that restarts would be given less time than a host that is silent',
    );
  }
  if (ha.fencing.max_concurrent > ha.fencing.max_per_hour) {
    doubt('fencing.max_concurrent', 'is more than max_per_hour, which holds first');
  }
  return doubts;
}
