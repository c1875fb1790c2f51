// SPDX-License-Identifier: Apache-2.0
/** Resource groups as text: each a line, with its resources as a tree below it. */
import type { Look, Style } from '../../runtime/command.ts';
import type { GroupView, ResourceView } from '../contract.ts';

/** Runs at home, and Aureole takes care of it. */
export function isGroupWell(group: GroupView): boolean {
  return group.status === 'running' && group.managed && !isAway(group);
}

/** All in the same columns. */
export function renderGroups(groups: readonly GroupView[], look: Look): readonly string[] {
  const rows = groups.map((group) => ({ group, tree: labelled(group) }));
  const trees = rows.flatMap(({ tree }) => tree);
  const nameWidth = Math.max(...trees.map(({ label }) => label.length), 0);
  const kindWidth = Math.max(...trees.map(({ resource }) => resource.kind.length), 0);
  return rows.flatMap(({ group, tree }) => [
    `  ${look.paint('bold', group.name)}  ${groupWords(group, look)}`,
    ...reasonLines(group),
    ...tree.map(({ label, resource }) => {
      const columns = `${label.padEnd(nameWidth)}  ${resource.kind.padEnd(kindWidth)}`;
      return `    ${columns}  ${resourceWords(resource, group, look)}`;
    }),
  ]);
}

type Row = { readonly label: string; readonly resource: ResourceView };

function labelled(group: GroupView): readonly Row[] {
  return treeOf(group).map(({ depth, resource }) => ({
    label: `${'  '.repeat(depth)}${resource.name}`,
    resource,
  }));
}

const STYLES: Readonly<Record<GroupView['status'], Style>> = {
  running: 'green',
  starting: 'yellow',
  stopping: 'yellow',
  waiting: 'yellow',
  stopped: 'yellow',
  degraded: 'red',
  failed: 'red',
  unknown: 'red',
  conflict: 'red',
};

function groupWords(group: GroupView, look: Look): string {
  const { status, host, homeHost, managed } = group;
  const where = host === undefined ? '' : ` on ${host}`;
  const away = isAway(group) ? look.paint('yellow', ` (failed over from ${homeHost})`) : '';
  const unmanaged = managed ? '' : look.paint('yellow', ' (unmanaged)');
  return `${look.paint(STYLES[status], `${status}${where}`)}${away}${unmanaged}`;
}

function reasonLines(group: GroupView): readonly string[] {
  const isClear = group.status === 'running' && !isAway(group);
  return isClear || group.reason === '' ? [] : [`      ${group.reason}`];
}

export function isAway({ host, homeHost }: GroupView): boolean {
  return host !== undefined && host !== homeHost;
}

export type TreeLine = { readonly depth: number; readonly resource: ResourceView };

/** Each resource with what stands on it below, in the order of the configuration. */
export function treeOf({ resources }: GroupView): readonly TreeLine[] {
  const children = Map.groupBy(resources, ({ parent }) => parent);
  const below = (parent: string | undefined, depth: number): TreeLine[] =>
    (children.get(parent) ?? []).flatMap((resource) => [
      { depth, resource },
      ...below(resource.name, depth + 1),
    ]);
  return below(undefined, 0);
}

function resourceWords({ hosts }: ResourceView, group: GroupView, look: Look): string {
  const running = hosts.filter(({ status }) => status === 'running').map(({ host }) => host);
  const parts: string[] = [];
  if (running.length > 0) {
    const words = `running on ${running.join(' and ')}`;
    parts.push(running.length > 1 ? look.paint('red', words) : words);
  }
  for (const { host, status, text } of hosts) {
    if (status === 'unknown')
      parts.push(look.paint('yellow', withText(`unknown on ${host}`, text)));
    else if (status === 'stopped' && host === group.host)
      parts.push(withText(`stopped on ${host}`, text));
  }
  return parts.length === 0 ? 'stopped' : parts.join('; ');
}

function withText(words: string, text: string): string {
  return text === '' ? words : `${words}: ${text}`;
}
