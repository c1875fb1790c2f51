// SPDX-License-Identifier: Apache-2.0
/** What a scenario shows: facts as an administrator reads them in the journal, and the short state. */
import type { Instant } from '../../kernel/machine.ts';
import type { Fact } from '../core/messages.ts';
import type { ClusterSpec } from '../core/spec.ts';
import type { ClusterState } from '../core/state.ts';
import { viewCluster, type GroupLook, type HostLook } from '../core/view.ts';

/** The answer to an order is shown where it is given; a healthy device is no news. */
const NO_NEWS = /^ha\.(?:order\.|device\.proven$)/;

export function factLine(fact: Fact, at: Instant): string | undefined {
  if (NO_NEWS.test(fact.name)) return undefined;
  const about = [...new Set([fact.host, fact.group, fact.resource])].filter(
    (name) => name !== undefined,
  );
  const mark = fact.severity === 'alarm' ? 'ALARM ' : '';
  const subject = about.length === 0 ? '' : `${about.join(' ')}: `;
  const by = fact.operator === undefined ? '' : ` (by ${fact.operator})`;
  return `${clock(at)}  ${mark}${fact.name.replace('ha.', '')}  ${subject}${fact.text}${by}`;
}

/** m:ss.mmm */
function clock(at: Instant): string {
  const ms = Math.round(at);
  const seconds = String(Math.floor(ms / 1_000) % 60).padStart(2, '0');
  return `${Math.floor(ms / 60_000)}:${seconds}.${String(ms % 1_000).padStart(3, '0')}`;
}

export function statusLines(spec: ClusterSpec, state: ClusterState, now: Instant): string[] {
  const { hosts, groups, acting } = viewCluster(spec, state, now);
  const well = hosts.filter((host) => hostMarks(host).length === 0).map(({ name }) => name);
  return [
    ...(acting || spec.mode === 'observe' ? [] : ['this manager does nothing']),
    ...groups.flatMap(groupLines),
    ...(well.length === 0 ? [] : [`${well.join(', ')}  online`]),
    ...hosts.filter(({ name }) => !well.includes(name)).map(hostLine),
  ];
}

function groupLines(group: GroupLook): string[] {
  const { name, status, host, homeHost, managed, reason } = group;
  const where = host === undefined ? '' : ` on ${host}`;
  const marks = [
    ...(host === undefined || host === homeHost ? [] : ['failed over']),
    ...(managed ? [] : ['unmanaged']),
  ];
  const marked = marks.length === 0 ? '' : ` (${marks.join(', ')})`;
  // That it runs there, is only observed or unmanaged is said already.
  const isClear = /^(?:runs on \w+(?:, away from home)?|observed only|unmanaged)$/.test(reason);
  const line = `${name}  ${status}${where}${marked}${isClear ? '' : `: ${reason}`}`;
  return [line, ...(status === 'running' ? [] : resourceLines(group))];
}

/** Only where the resources of a group are not alike. */
function resourceLines(group: GroupLook): string[] {
  const states = group.resources.map(({ hosts }) =>
    hosts.map(({ host, status }) => `${status} on ${host}`).join(', '),
  );
  if (new Set(states).size < 2) return [];
  return group.resources.map(({ name }, index) => `  ${name}  ${states[index]}`);
}

function hostLine(host: HostLook): string {
  return `${host.name}  ${[host.status, ...hostMarks(host)].join('; ')}`;
}

/** Whatever is not as it should be. */
function hostMarks(host: HostLook): string[] {
  const { status, active, armed, notFenced, devices, reason, fence } = host;
  const wrong = devices.filter(({ trust }) => trust !== 'proven');
  return [
    ...(status === 'online' && fence === undefined ? [] : [reason]),
    ...(active ? [] : ['deactivated']),
    ...(armed ? [] : ['not armed']),
    ...(notFenced === undefined ? [] : [`not fenced: ${notFenced}`]),
    ...wrong.map(({ name, trust }) => `fence device ${name} is ${trust}`),
  ];
}
