// SPDX-License-Identifier: Apache-2.0
/**
 * What time alone may change, and when: so a tick looks at what is due, and not at the whole cluster.
 * Each of these leaves out only what would do nothing; test/sim/due.test.ts plays storms with a core
 * that leaves nothing out, and compares.
 */
import type { Instant } from '../../kernel/machine.ts';
import { silentAt, suspectAt } from './contact.ts';
import { CHECKS_MAX } from './devices.ts';
import type { Draft } from './draft.ts';
import { overdue, overdueAt } from './knowledge.ts';
import type { ClusterSpec, GroupName, HostName } from './spec.ts';
import type { ClusterState, HostState } from './state.ts';

/** How many ticks there are at least in a heartbeat_timeout. */
export const TICKS = 8;

/** Those of the hosts, or else of all, at which somebody has to look when their turn comes. */
export function dueHosts(draft: Draft, hosts?: readonly HostName[]): Iterable<HostName> {
  if (hosts !== undefined) return hosts.values().filter((name) => !isWell(draft, draft.host(name)));
  return draft.state.hosts.keysWhere((host) => !isWell(draft, host));
}

/** It answers, nothing is wrong with it or to be taken back, and no check of its devices is due. */
function isWell(draft: Draft, host: HostState): boolean {
  const { name, contact, fence, off, notFenced, toldGates } = host;
  if (contact.status !== 'online' || fence !== undefined || off !== undefined) return false;
  if (notFenced !== undefined || toldGates !== undefined) return false;
  if (draft.now >= suspectAt(draft.spec, draft.state, host)) return false;
  return !isCheckDue(draft, host) && (draft.state.failedStops.get(name) ?? 0) === 0;
}

function isCheckDue(draft: Draft, { devices }: HostState): boolean {
  if (draft.state.checks >= CHECKS_MAX) return false;
  for (const { checkAt } of devices.values()) if (checkAt <= draft.now) return true;
  return false;
}

/** What nobody has said anew in time is not known any more, whether or not the agent says so. */
export function expireKnowledge(draft: Draft): void {
  for (const group of draft.staleGroups()) {
    expireOf(draft, group);
    draft.keep(group, keepsUntil(draft, group));
  }
}

function expireOf(draft: Draft, name: GroupName): void {
  const listenedMs = draft.now - draft.state.listenSince;
  const { resources } = draft.groupSpec(name);
  for (const [host, onHost] of draft.group(name).known) {
    if (draft.state.hosts.get(host)?.contact.status !== 'online') continue;
    for (const { name: resource, monitorOverdueMs } of resources) {
      const known = onHost.get(resource);
      if (known === undefined || listenedMs <= monitorOverdueMs) continue;
      const next = overdue(known, monitorOverdueMs, draft.now);
      if (next !== known) draft.setKnown(name, host, resource, next);
    }
  }
}

function keepsUntil(draft: Draft, name: GroupName): Instant {
  let until = Infinity;
  const { known } = draft.group(name);
  for (const { name: resource, monitorOverdueMs } of draft.groupSpec(name).resources) {
    for (const onHost of known.values()) {
      const one = onHost.get(resource);
      if (one !== undefined) until = Math.min(until, overdueAt(one, monitorOverdueMs));
    }
  }
  return until;
}

/** Of nobody else may a beat be missed before the next regular tick. */
export function awaited({ spec, state, now }: Draft): HostName[] {
  const next = now + spec.heartbeatTimeoutMs / TICKS;
  return [...state.hosts.keysWhere((host) => missedAt(spec, state, host) < next)];
}

/** When the host will have missed its second beat, or else have been silent for long enough. */
export function missedAt(spec: ClusterSpec, state: ClusterState, host: HostState): Instant {
  if (state.superseded !== undefined) return Infinity;
  const { status } = host.contact;
  if (status === 'silent' || status === 'unheard') return Infinity;
  const suspect = suspectAt(spec, state, host);
  // Asked around already, else: a tick would follow upon the other.
  return suspect > state.lastTickAt ? suspect : silentAt(spec, state, host);
}
