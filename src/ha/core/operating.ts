// SPDX-License-Identifier: Apache-2.0
/** Orders to run scripts: of one resource one at a time, each remembered until it is answered. */
import type { Draft } from './draft.ts';
import { ordered } from './knowledge.ts';
import type { Operation } from './messages.ts';
import { hostsOf, isOnline } from './placement.ts';
import type { GroupName, HostName, ResourceName, ResourceSpec } from './spec.ts';
import type { GroupState, Plan } from './state.ts';

export function operate(
  draft: Draft,
  group: GroupName,
  host: HostName,
  resource: ResourceName,
  operation: Operation,
  reason: string,
): void {
  const { boot } = draft.host(host);
  if (boot === undefined) return;
  for (const pending of draft.pendingOn(host).values()) {
    if (pending.type !== 'operation' || pending.resource !== resource) continue;
    if (pending.operation !== 'monitor' || operation === 'monitor') return;
  }
  const askedAt = draft.now;
  if (operation !== 'monitor') {
    draft.forget(host, (one) => one.type === 'operation' && one.resource === resource);
    draft.setKnownQuietly(
      group,
      host,
      resource,
      ordered(draft.known(group, host, resource), operation, askedAt),
    );
    const text = `${operation === 'start' ? 'is started' : 'is stopped'}: ${reason}`;
    draft.fact({ name: `ha.resource.${operation}`, severity: 'info', group, resource, host, text });
  }
  const sequence = draft.state.nextRequest;
  const request = draft.ask({ type: 'operation', group, resource, host, boot, operation, askedAt });
  draft.order({ type: 'operate', host, boot, request, sequence, operation, resource, reason });
}

type Question = Pick<Plan, 'askedAt' | 'why'>;

/** As ADR 1 has it: how old an answer may be that was asked before the plan was made. */
const AHEAD_MS = 2_000;

/** Orders a monitor of everything on every host that answers and might hold the group. */
export function askEverybody(draft: Draft, name: GroupName, question: Question): void {
  for (const host of hostsOf(draft, name)) {
    if (isOnline(draft, host)) ask(draft, name, host, question);
  }
}

/** Of everything on one host, unless it has answered. */
export function ask(draft: Draft, name: GroupName, host: HostName, question: Question): void {
  for (const { name: resource } of draft.groupSpec(name).resources) {
    const known = draft.known(name, host, resource);
    if ((known.evidence?.askedAt ?? -1) >= question.askedAt) continue;
    operate(draft, name, host, resource, 'monitor', question.why);
  }
}

/** Of a group that is about to be started: what is asked now need not be waited for then. */
export function askAhead(draft: Draft, name: GroupName): void {
  const group = draft.group(name);
  if (isAskedAhead(draft, group)) return;
  draft.setGroup({ ...group, askedAheadAt: draft.now });
  askEverybody(draft, name, { askedAt: draft.now, why: 'off is told to where it may run' });
}

/** Lately enough for the answers to count as those to a plan that is made now. */
export function isAskedAhead(draft: Draft, { askedAheadAt }: GroupState): boolean {
  return askedAheadAt !== undefined && !draft.isOver(askedAheadAt, AHEAD_MS);
}

/** Whoever has answered an older question since it was asked was not asked for this plan: he is asked again. */
export function askWhoAnsweredBefore(
  draft: Draft,
  name: GroupName,
  host: HostName,
  plan: Plan,
): void {
  for (const { name: resource } of draft.groupSpec(name).resources) {
    const { evidence } = draft.known(name, host, resource);
    if (evidence === undefined || evidence.askedAt >= plan.askedAt) continue;
    operate(draft, name, host, resource, 'monitor', plan.why);
  }
}

/** Orders a stop of every chosen resource on which nothing chosen stands any more. */
export function stopLeaves(
  draft: Draft,
  name: GroupName,
  host: HostName,
  chosen: (resource: ResourceSpec) => boolean,
  why: string,
): void {
  const { resources } = draft.groupSpec(name);
  const goes = resources.filter(chosen);
  for (const resource of goes) {
    if (goes.some((other) => other.parent === resource.name)) continue;
    const { retryAt = 0, operating, overran } = draft.known(name, host, resource.name);
    if (!draft.isOver(retryAt, 0) || (operating === true && overran !== true)) continue;
    operate(draft, name, host, resource.name, 'stop', why);
  }
}

/** A start or stop of anything of the group that we ordered there has not been answered. */
export function isUnderWay(draft: Draft, group: GroupName, host: HostName): boolean {
  return draft.groupSpec(group).resources.some(({ name }) => isOperating(draft, host, name));
}

/** How long answers are waited for before they are asked for again. */
export function pauseMs(draft: Draft): number {
  return Math.max(2_000, draft.spec.heartbeatTimeoutMs / 2);
}

/** A start or stop of the resource that we ordered there has not been answered. */
export function isOperating(draft: Draft, host: HostName, resource: ResourceName): boolean {
  for (const pending of draft.pendingOn(host).values()) {
    if (pending.type !== 'operation' || pending.operation === 'monitor') continue;
    if (pending.resource === resource) return true;
  }
  return false;
}
