// SPDX-License-Identifier: Apache-2.0
/** Counts what broke by itself, and gives a group up when it breaks too often. */
import type { Draft } from './draft.ts';
import type { Known } from './knowledge.ts';
import { locationsOf } from './placement.ts';
import type { GroupName, HostName, ResourceName } from './spec.ts';

/** A resource that ran was found stopped or failed, and nobody had ordered it. */
export function noteFailure(
  draft: Draft,
  group: GroupName,
  host: HostName,
  resource: ResourceName,
  before: Known,
  after: Known,
): void {
  const isNewDoubt = after.doubt !== undefined && after.doubt !== before.doubt;
  const broke = after.status === 'stopped' || isNewDoubt;
  const ran = before.status === 'running';
  if (!ran && !(isNewDoubt && ranWhenLastSeen(draft, group, host, before))) return;
  if (after.status === 'running' || !broke) return;
  const text = after.status === 'stopped' ? 'found stopped' : after.text;
  // Stopped where it runs elsewhere too: somebody ends a conflict, nothing broke.
  if (locationsOf(draft, group).some((other) => other !== host)) return;
  draft.fact({ name: 'ha.resource.failed', severity: 'warning', group, resource, host, text });
  countFailure(draft, group, `${resource} on ${host}: ${text}`);
}

/** A monitor that has to be killed is overdue before it is told. */
function ranWhenLastSeen(
  draft: Draft,
  group: GroupName,
  host: HostName,
  { status, doubt, ranHere }: Known,
): boolean {
  const isUnseen = status === 'unknown' && doubt === undefined;
  return isUnseen && ranHere === true && draft.group(group).lastHost === host;
}

export function countFailure(draft: Draft, name: GroupName, text: string): void {
  const { spec, now } = draft;
  const group = draft.group(name);
  if (spec.mode !== 'manage' || !group.managed || group.failed !== undefined) return;
  const recent = group.failures.filter((at) => now - at < spec.restartWindowMs);
  const failures = [...recent, now];
  draft.setGroup({ ...group, failures });
  if (failures.length > spec.restartAttempts) {
    const minutes = Math.round(spec.restartWindowMs / 60_000);
    giveUp(draft, name, `failed ${failures.length} times in ${minutes} minutes, last: ${text}`);
  }
}

/** Leaves the group alone until an operator says cleanup. */
export function giveUp(draft: Draft, name: GroupName, why: string): void {
  const group = draft.group(name);
  if (group.failed !== undefined) return;
  draft.setGroup({ ...group, plan: undefined, wanted: undefined, failed: why, reason: why });
  const text = `${why}; left alone until \`aureole cleanup ${name}\``;
  draft.fact({ name: 'ha.group.failed', severity: 'alarm', group: name, text });
  draft.because(`group ${name} is given up`);
  draft.touchedGroups.add(name);
}
