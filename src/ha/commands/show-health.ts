// SPDX-License-Identifier: Apache-2.0
/** The cluster in one line, for a monitoring system: well, degraded or down, and why. */
import type { GroupView, HostView, Status } from '../contract.ts';
import { isAway } from './show-group.ts';
import { hostWarnings } from './show-host.ts';

/**
 * down: a group is not known to run, all of it on one host, managed or not. degraded: every group
 * runs, but one is away from home or unmanaged, there is an alarm, a host is not online, deactivated,
 * not armed or has a warning, or another manager has taken over. To observe only is neither.
 */
export type Health = { readonly verdict: 'done' | 'degraded' | 'down'; readonly text: string };

const CAUSES_SHOWN_MAX = 8;

export function healthOf(status: Status): Health {
  const { groups, hosts, alarms, acting, mode } = status;
  const down = groups.flatMap(downCauses);
  const degraded = [
    ...(acting ? [] : ['another manager has taken over']),
    ...(alarms.length === 0 ? [] : [count(alarms.length, 'alarm')]),
    ...groups.flatMap(awayCauses),
    ...hosts.flatMap(hostCauses),
  ];
  const mark = mode === 'observe' ? ' (observe mode)' : '';
  const told = [
    ...(down.length === 0 ? [] : [`down: ${short(down)}`]),
    ...(degraded.length === 0 ? [] : [`degraded: ${short(degraded)}`]),
  ].join('; ');
  if (down.length > 0) return { verdict: 'down', text: `${told}${mark}` };
  if (degraded.length > 0) return { verdict: 'degraded', text: `${told}${mark}` };
  return { verdict: 'done', text: `well: ${allWell(status)}${mark}` };
}

export function allWell({ groups, hosts }: Status): string {
  const home = `${count(groups.length, 'resource group')} at home and running`;
  return `${home}, ${count(hosts.length, 'host')} online`;
}

function downCauses({ name, status, reason }: GroupView): readonly string[] {
  if (status === 'running') return [];
  return [`${name} is ${status}${reason === '' ? '' : ` (${reason})`}`];
}

function awayCauses(group: GroupView): readonly string[] {
  const { name, host, homeHost, managed, status } = group;
  const away = status === 'running' && isAway(group);
  return [
    ...(away ? [`${name} runs on ${host}, away from ${homeHost}`] : []),
    ...(managed ? [] : [`${name} is unmanaged`]),
  ];
}

function hostCauses(host: HostView): readonly string[] {
  const causes = [
    ...(host.status === 'online' ? [] : [host.status]),
    ...(host.active ? [] : ['deactivated']),
    ...(host.armed ? [] : ['fenced and not reset']),
    ...hostWarnings(host),
  ];
  return causes.length === 0 ? [] : [`${host.name}: ${causes.join(', ')}`];
}

function short(causes: readonly string[]): string {
  const more = causes.length - CAUSES_SHOWN_MAX;
  const shown = causes.slice(0, CAUSES_SHOWN_MAX);
  return [...shown, ...(more > 0 ? [`and ${more} more`] : [])].join('; ');
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
