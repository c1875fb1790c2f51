// SPDX-License-Identifier: Apache-2.0
/**
 * The status as HALO writes it, for the eyes and scripts that know it: a line for each resource, hosts
 * that are connected and not, the newest events. What HALO has no words for comes only when it is so:
 * alarms above, the reason of a group that does not run, fenced hosts and warnings below the hosts.
 */
import { foldNames } from '../../model/node-set/fold.ts';
import type { Look, Style } from '../../runtime/command.ts';
import type { EventView, GroupView, HostView, ResourceView, Status } from '../contract.ts';
import { hasFailedOn } from '../halo/words.ts';
import { eventLine } from './show-events.ts';
import { treeOf } from './show-group.ts';
import { hostWarnings } from './show-host.ts';
import { noticeLines } from './show-notices.ts';

/** The events are the newest, oldest first. */
export type StatusReport = Status & { readonly events: readonly EventView[] };

export function renderStatus(report: StatusReport, look: Look, onlyExceptions: boolean): string {
  const { mode, groups, hosts, events } = report;
  const lines = (group: GroupView): readonly string[] =>
    groupLines(group, mode === 'manage' && group.managed, look, onlyExceptions);
  const notices = noticeLines(report, look);
  const online = (host: HostView): boolean => host.status === 'online';
  const offline = hosts.filter((host) => !online(host));
  const isDisconnectedShown = !onlyExceptions || offline.length > 0;
  return [
    ...(notices.length === 0 ? [] : [...notices, '']),
    ...sorted(groups).flatMap(lines),
    '',
    ...(onlyExceptions ? [] : [`Connected hosts:\t${hostWords(hosts.filter(online))}`]),
    ...(isDisconnectedShown ? [`Disconnected hosts:\t${hostWords(offline)}`] : []),
    ...fencedLines(hosts, look),
    ...warningLines(hosts, look),
    ...(onlyExceptions ? [] : ['Events: ', ...events.map((event) => eventLine(event, look))]),
  ].join('\n');
}

function sorted(groups: readonly GroupView[]): readonly GroupView[] {
  return groups.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** To HALO a group that is only observed is unmanaged; that alone makes no exception of it. */
function groupLines(
  group: GroupView,
  isManaged: boolean,
  look: Look,
  onlyExceptions: boolean,
): readonly string[] {
  return treeOf(group).flatMap(({ depth, resource }) => {
    const { text, style, comment } = resourceWords(resource, group);
    if (onlyExceptions && style === 'green' && group.managed) return [];
    const name = `${' '.repeat(depth)}${resource.name}`.padEnd(20);
    const isWhy = depth === 0 && group.status !== 'running' && group.reason !== '';
    const said = isWhy ? group.reason : comment;
    const remark = said === '' ? '' : ` ${said} `;
    const unmanaged = isManaged ? '' : look.paint('yellow', ' (Unmanaged)');
    return [`${name}\t(${resource.kind})\t${look.paint(style, text)}${remark}${unmanaged}`];
  });
}

type Words = { readonly text: string; readonly style: Style; readonly comment: string };

/** Hosts stand in the order of the group's list, home first. */
function resourceWords({ hosts }: ResourceView, group: GroupView): Words {
  const { homeHost } = group;
  const running = hosts.filter((one) => one.status === 'running').map(({ host }) => host);
  const [host] = running;
  if (running.length > 1) {
    return { text: `Running on ${foldNames(running)}`, style: 'red', comment: '' };
  }
  if (host === homeHost) return { text: `Running on ${host}`, style: 'green', comment: '' };
  if (host !== undefined) {
    return { text: `Running (Failed Over) on ${host}`, style: 'yellow', comment: '' };
  }
  const error = hosts.find((one) => hasFailedOn(one, group));
  if (error !== undefined) return { text: 'Error', style: 'red', comment: error.text };
  const unknown = hosts.find((one) => one.status === 'unknown');
  if (unknown !== undefined) return { text: 'Unknown', style: 'red', comment: unknown.text };
  return { text: 'Stopped', style: 'red', comment: '' };
}

function hostWords(hosts: readonly HostView[]): string {
  const names = (active: boolean): string =>
    foldNames(hosts.filter((host) => host.active === active).map(({ name }) => name));
  const deactivated = names(false);
  return [names(true), deactivated === '' ? '' : `${deactivated} (deactivated)`]
    .filter((words) => words !== '')
    .join(', ');
}

function fencedLines(hosts: readonly HostView[], look: Look): readonly string[] {
  const fenced = hosts.filter(({ armed }) => !armed).map(({ name }) => name);
  return fenced.length === 0 ? [] : [look.paint('yellow', `Fenced hosts:\t${foldNames(fenced)}`)];
}

/** What is the same for several hosts is one line. */
function warningLines(hosts: readonly HostView[], look: Look): readonly string[] {
  const warnings = hosts.flatMap((host) =>
    hostWarnings(host).map((text) => ({ name: host.name, text })),
  );
  const lines = [...Map.groupBy(warnings, ({ text }) => text)].map(([text, alike]) =>
    look.paint('yellow', `${foldNames(alike.map(({ name }) => name))}: ${text}`),
  );
  return lines.length === 0 ? [] : ['Warnings:', ...lines];
}
