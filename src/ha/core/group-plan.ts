// SPDX-License-Identifier: Apache-2.0
/**
 * Decides, for one group, the next thing to do. Level triggered: it looks at what is known, not at
 * how it became known, so the same knowledge gives the same plan. Called again after every change.
 */
import type { Draft } from './draft.ts';
import { countFailure, giveUp } from './failures.ts';
import { ordered } from './knowledge.ts';
import type { Operation } from './messages.ts';
import {
  chooseHost,
  eligibleFor,
  hostsOf,
  isOnline,
  isStoppedOn,
  knownOn,
  locationsOf,
  runsOn,
} from './placement.ts';
import {
  listOf,
  type GroupName,
  type HostName,
  type ResourceName,
  type ResourceSpec,
} from './spec.ts';
import { mayStart, type StartVerdict } from './start-rule.ts';
import type { Pending, Plan } from './state.ts';

type Operating = Extract<Pending, { type: 'operation' }>;

export function planGroup(draft: Draft, name: GroupName): void {
  const group = draft.group(name);
  if (draft.state.superseded !== undefined)
    return say(draft, name, 'another manager has taken over');
  if (draft.spec.mode === 'observe') return say(draft, name, 'observed only');
  if (!group.managed) return say(draft, name, 'unmanaged');
  if (group.failed !== undefined) return say(draft, name, group.failed);
  const where = locationsOf(draft, name);
  if (where.length > 1) return conflict(draft, name, where);
  const [host] = where;
  if (host !== undefined) {
    if (group.lastHost !== host) draft.setGroup({ ...draft.group(name), lastHost: host });
    return whileOn(draft, name, host);
  }
  return whileNowhere(draft, name);
}

/** An operation of ours on this group has ended; what it means is known already. */
export function afterGroupOperation(draft: Draft, pending: Operating): void {
  const { group, host, resource, operation } = pending;
  const known = draft.known(group, host, resource);
  if (operation === 'start' && known.status !== 'running') {
    draft.fact({
      name: 'ha.resource.start-failed',
      severity: 'alarm',
      group,
      resource,
      host,
      text: known.text,
    });
    afterFailedStart(draft, group, host, known.text);
  }
  if (operation === 'stop' && known.doubt === 'stop-failed') {
    draft.fact({
      name: 'ha.resource.stop-failed',
      severity: 'alarm',
      group,
      resource,
      host,
      text: known.text,
    });
    dropPlan(draft, group, 'a stop failed');
    if (draft.groupSpec(group).failoverHosts.length === 0) giveUp(draft, group, known.text);
    draft.touchedHosts.add(host);
  }
  if (operation !== 'monitor')
    draft.because(`${operation} of ${resource} on ${host}: ${known.text}`);
}

/** The next host is tried; where there is none, the same one, as often as restarts are allowed. */
function afterFailedStart(draft: Draft, name: GroupName, host: HostName, text: string): void {
  dropPlan(draft, name, `start failed on ${host}`);
  const others = listOf(draft.groupSpec(name)).filter((other) => other !== host);
  if (others.some((other) => eligibleFor(draft, name, other) === undefined)) {
    const group = draft.group(name);
    draft.setGroup({ ...group, avoid: new Map(group.avoid).set(host, text) });
    return;
  }
  countFailure(draft, name, text);
}

/** The group runs, in whole or in part, on this host and nowhere else that we know of. */
function whileOn(draft: Draft, name: GroupName, host: HostName): void {
  const group = draft.group(name);
  if (!isOnline(draft, host)) return say(draft, name, `runs on ${host}, which does not answer`);
  if (group.plan?.type === 'start' && group.plan.host !== host) {
    dropPlan(draft, name, `it was found running on ${host}`);
  }
  if (stopDoubtful(draft, name, host)) return;
  const plan = draft.group(name).plan;
  if (plan?.type === 'move') return continueMove(draft, name, plan);
  const leave = whyLeave(draft, name, host);
  if (leave !== undefined) return beginMove(draft, name, host, leave);
  if (runsOn(draft, name, host) === 'all') return settled(draft, name, host);
  if (stopOrphaned(draft, name, host)) return;
  const unknown = draft
    .groupSpec(name)
    .resources.find((resource) => draft.known(name, host, resource.name).status === 'unknown');
  if (unknown !== undefined && plan === undefined) {
    const { text } = draft.known(name, host, unknown.name);
    return say(draft, name, `${unknown.name} on ${host}: ${text}`);
  }
  startOn(draft, name, host, 'a resource of it is stopped');
}

function settled(draft: Draft, name: GroupName, host: HostName): void {
  const { plan, wanted, ...group } = draft.group(name);
  if (plan !== undefined || wanted !== undefined) {
    const kept = wanted !== undefined && wanted !== host ? { wanted } : {};
    draft.setGroup({ ...group, ...kept });
    if (plan !== undefined) {
      draft.fact({ name: 'ha.group.running', severity: 'info', group: name, host, text: plan.why });
      for (const later of draft.layout.waitingFor.get(name) ?? []) draft.touchedGroups.add(later);
    }
  }
  const home = draft.groupSpec(name).homeHost === host ? '' : ', away from home';
  say(draft, name, `runs on ${host}${home}`);
}

/** The group is seen running nowhere. Whether it may be somewhere is the question. */
function whileNowhere(draft: Draft, name: GroupName): void {
  const group = draft.group(name);
  for (const host of hostsOf(draft, name)) {
    if (isOnline(draft, host) && stopDoubtful(draft, name, host)) return;
  }
  const plan = group.plan;
  if (plan?.type === 'move') {
    if (!isStoppedOn(draft, name, plan.host)) return continueMove(draft, name, plan);
    dropPlan(draft, name, 'stopped');
    const { plan: _, ...rest } = draft.group(name);
    draft.setGroup({ ...rest, wanted: plan.to });
  }
  if (plan?.type === 'start' && (group.wanted ?? plan.host) === plan.host) {
    const why = eligibleFor(draft, name, plan.host);
    if (why === undefined) return startOn(draft, name, plan.host, plan.why);
    dropPlan(draft, name, why);
  }
  const blocker = blockerOf(draft, name);
  if (blocker !== undefined) return say(draft, name, `waits: it may run on ${blocker}`);
  const choice = chooseHost(draft, name);
  if ('why' in choice) return nowhereToGo(draft, name, choice.why);
  const earlier = waitsFor(draft, name);
  if (earlier !== undefined) return say(draft, name, `waits for group ${earlier}`);
  startOn(draft, name, choice.host, 'it runs nowhere');
}

function nowhereToGo(draft: Draft, name: GroupName, why: string): void {
  const list = listOf(draft.groupSpec(name));
  const { avoid } = draft.group(name);
  if (list.every((host) => avoid.has(host))) {
    return giveUp(draft, name, `it could not be started on any host: ${why}`);
  }
  say(draft, name, `waits for a host: ${why}`);
}

/** A host that does not answer, is not off, and may hold the group. */
function blockerOf(draft: Draft, name: GroupName): HostName | undefined {
  return hostsOf(draft, name).find(
    (host) => !isOnline(draft, host) && !isStoppedOn(draft, name, host),
  );
}

/** On a cold start, the groups that must run first. */
function waitsFor(draft: Draft, name: GroupName): GroupName | undefined {
  if (draft.group(name).lastHost !== undefined) return undefined;
  return draft
    .groupSpec(name)
    .startAfter.find(
      (other) => !hostsOf(draft, other).some((host) => runsOn(draft, other, host) === 'all'),
    );
}

/** Everybody who might hold the group is asked; then it is started, parents first, siblings at once. */
function startOn(draft: Draft, name: GroupName, host: HostName, why: string): void {
  const group = draft.group(name);
  let plan = group.plan;
  if (plan?.type !== 'start' || plan.host !== host) {
    plan = { type: 'start', host, askedAt: draft.now, again: draft.now + pauseMs(draft), why };
    const ran = group.ran.includes(host) ? group.ran : [...group.ran, host];
    draft.setGroup({ ...group, plan, ran });
    draft.because(`start ${name} on ${host}: ${why}`);
    askEverybody(draft, name, plan);
    return say(draft, name, `is about to start on ${host}`);
  }
  const verdict = startVerdict(draft, name, plan);
  if (!verdict.start) return waitForAnswers(draft, name, plan, verdict);
  for (const resource of draft.groupSpec(name).resources) {
    if (draft.known(name, host, resource.name).status !== 'stopped') continue;
    if (resource.parent !== undefined && !isRunning(draft, name, host, resource.parent)) continue;
    operate(draft, name, host, resource.name, 'start', plan.why);
  }
  say(draft, name, `starts on ${host}: ${plan.why}`);
}

function waitForAnswers(
  draft: Draft,
  name: GroupName,
  plan: Extract<Plan, { type: 'start' }>,
  verdict: Extract<StartVerdict, { start: false }>,
): void {
  const { blockedBy } = verdict;
  if (blockedBy !== undefined && !isOnline(draft, blockedBy)) {
    dropPlan(draft, name, verdict.reason);
    return say(draft, name, `waits: ${verdict.reason}`);
  }
  if (draft.now >= plan.again) {
    draft.setGroup({ ...draft.group(name), plan: { ...plan, again: draft.now + pauseMs(draft) } });
    askEverybody(draft, name, plan);
  }
  say(draft, name, `is about to start on ${plan.host}: ${verdict.reason}`);
}

function startVerdict(draft: Draft, name: GroupName, plan: Plan): StartVerdict {
  const { host } = plan;
  const state = draft.host(host);
  const underWay = isUnderWay(draft, name, host);
  const asked = knownOn(draft, name, host).filter(
    (known) => !underWay || known.status === 'stopped',
  );
  return mayStart({
    host,
    inList: listOf(draft.groupSpec(name)).includes(host),
    active: state.active,
    online: isOnline(draft, host),
    plannedAt: plan.askedAt,
    here: asked,
    others: hostsOf(draft, name)
      .filter((other) => other !== host)
      .map((other) => ({
        host: other,
        known: knownOn(draft, name, other),
        outstanding: isUnderWay(draft, name, other),
      })),
  });
}

/** Is a monitor of everything on every host that answers and might hold the group. */
function askEverybody(draft: Draft, name: GroupName, plan: Plan): void {
  for (const host of hostsOf(draft, name)) {
    if (!isOnline(draft, host)) continue;
    for (const { name: resource } of draft.groupSpec(name).resources) {
      const known = draft.known(name, host, resource);
      if ((known.evidence?.askedAt ?? -1) > plan.askedAt) continue;
      operate(draft, name, host, resource, 'monitor', plan.why);
    }
  }
}

function whyLeave(draft: Draft, name: GroupName, host: HostName): string | undefined {
  const { wanted, avoid } = draft.group(name);
  if (wanted !== undefined && wanted !== host) return 'an operator wants it there';
  if (!draft.host(host).active) return `${host} is deactivated`;
  if (avoid.has(host)) return `it could not be started on ${host}`;
  return undefined;
}

/** Nothing is stopped here before the other host is known to be able to take it. */
function beginMove(draft: Draft, name: GroupName, host: HostName, why: string): void {
  const group = draft.group(name);
  const choice = group.wanted === undefined ? nextHost(draft, name, host) : group.wanted;
  const obstacle =
    choice === undefined ? 'no other host may take it' : eligibleFor(draft, name, choice);
  if (choice === undefined || obstacle !== undefined) {
    const { wanted, ...rest } = group;
    if (wanted !== undefined) {
      draft.setGroup(rest);
      const text = `stays on ${host}: ${obstacle}`;
      draft.fact({ name: 'ha.group.not-moved', severity: 'warning', group: name, text });
    }
    if (group.avoid.has(host)) return retryInPlace(draft, name, host);
    return say(draft, name, `should leave ${host} (${why}) but stays: ${obstacle}`);
  }
  const again = draft.now + pauseMs(draft);
  const plan: Plan = {
    type: 'move',
    host,
    to: choice,
    askedAt: draft.now,
    again,
    why,
    stopping: false,
  };
  draft.setGroup({ ...group, plan });
  draft.because(`move ${name} from ${host} to ${choice}: ${why}`);
  askEverybody(draft, name, plan);
  say(draft, name, `is about to move from ${host} to ${choice}: ${why}`);
}

/** Nobody else can take it any more: what failed here is tried here again, and counted. */
function retryInPlace(draft: Draft, name: GroupName, host: HostName): void {
  const group = draft.group(name);
  const avoid = new Map(group.avoid);
  const text = avoid.get(host) ?? 'start failed';
  avoid.delete(host);
  draft.setGroup({ ...group, avoid });
  countFailure(draft, name, text);
  draft.touchedGroups.add(name);
}

function nextHost(draft: Draft, name: GroupName, host: HostName): HostName | undefined {
  return listOf(draft.groupSpec(name)).find(
    (other) => other !== host && eligibleFor(draft, name, other) === undefined,
  );
}

function continueMove(draft: Draft, name: GroupName, plan: Extract<Plan, { type: 'move' }>): void {
  const { host, to, why } = plan;
  if (!plan.stopping) {
    const obstacle = eligibleFor(draft, name, to);
    if (obstacle !== undefined) {
      dropPlan(draft, name, obstacle);
      return say(draft, name, `stays on ${host}: ${obstacle}`);
    }
    const answered = knownOn(draft, name, to).every(
      (known) => known.status === 'stopped' && (known.evidence?.askedAt ?? -1) > plan.askedAt,
    );
    if (!answered) {
      if (draft.now >= plan.again) dropPlan(draft, name, `${to} did not say that it can take it`);
      return say(draft, name, `is about to move from ${host} to ${to}: ${why}`);
    }
    draft.setGroup({ ...draft.group(name), plan: { ...plan, stopping: true } });
    draft.fact({
      name: 'ha.group.moving',
      severity: 'info',
      group: name,
      host: to,
      text: `from ${host}: ${why}`,
    });
  }
  stopLeaves(draft, name, host, (resource) => !isStopped(draft, name, host, resource.name), why);
  say(draft, name, `stops on ${host} to move to ${to}: ${why}`);
}

/** What failed or hung must be stopped before anything else, and all that stands on it first. */
function stopDoubtful(draft: Draft, name: GroupName, host: HostName): boolean {
  const { resources } = draft.groupSpec(name);
  if (knownOn(draft, name, host).some((known) => known.doubt === 'stop-failed')) {
    const reason = draft.host(host).notFenced;
    const rest = reason === undefined ? 'a fence is asked for' : `not fenced: ${reason}`;
    say(draft, name, `a stop failed on ${host}; ${rest}`);
    return true;
  }
  const bad = new Set<ResourceName>();
  for (const { name: resource, parent } of resources) {
    const { status, doubt } = draft.known(name, host, resource);
    const ownDoubt = status === 'unknown' && doubt !== undefined;
    const onBad = parent !== undefined && bad.has(parent) && status !== 'stopped';
    if (ownDoubt || onBad) bad.add(resource);
  }
  if (bad.size === 0) return false;
  stopLeaves(
    draft,
    name,
    host,
    (resource) => bad.has(resource.name),
    'it failed and may be active',
  );
  say(draft, name, `stops what failed on ${host}: ${[...bad].join(', ')}`);
  return true;
}

/** Running although what it stands on is stopped: it comes down before that is started again. */
function stopOrphaned(draft: Draft, name: GroupName, host: HostName): boolean {
  const orphaned = new Set<ResourceName>();
  for (const { name: resource, parent } of draft.groupSpec(name).resources) {
    if (parent === undefined || draft.known(name, host, resource).status !== 'running') continue;
    const down = draft.known(name, host, parent).status === 'stopped' || orphaned.has(parent);
    if (down) orphaned.add(resource);
  }
  if (orphaned.size === 0) return false;
  stopLeaves(draft, name, host, (one) => orphaned.has(one.name), 'what it stands on is stopped');
  say(draft, name, `stops on ${host} what stands on a stopped resource`);
  return true;
}

/** Orders a stop of every chosen resource on which nothing chosen stands any more. */
function stopLeaves(
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
    operate(draft, name, host, resource.name, 'stop', why);
  }
}

function operate(
  draft: Draft,
  group: GroupName,
  host: HostName,
  resource: ResourceName,
  operation: Operation,
  reason: string,
): void {
  const { boot } = draft.host(host);
  if (boot === undefined) return;
  for (const pending of draft.state.pending.values()) {
    if (pending.type !== 'operation' || pending.host !== host || pending.resource !== resource)
      continue;
    if (pending.operation !== 'monitor' || operation === 'monitor') return;
  }
  const askedAt = draft.now;
  if (operation !== 'monitor') {
    draft.forget(
      (one) => one.type === 'operation' && one.host === host && one.resource === resource,
    );
    draft.setKnownQuietly(
      group,
      host,
      resource,
      ordered(draft.known(group, host, resource), operation, askedAt),
    );
    const text = `${operation === 'start' ? 'is started' : 'is stopped'}: ${reason}`;
    draft.fact({ name: `ha.resource.${operation}`, severity: 'info', group, resource, host, text });
  }
  const request = draft.ask({ type: 'operation', group, resource, host, boot, operation, askedAt });
  draft.order({ type: 'operate', host, boot, request, operation, resource, reason });
}

function isUnderWay(draft: Draft, group: GroupName, host: HostName): boolean {
  for (const pending of draft.state.pending.values()) {
    if (pending.type !== 'operation' || pending.operation === 'monitor') continue;
    if (pending.group === group && pending.host === host) return true;
  }
  return false;
}

function isRunning(
  draft: Draft,
  group: GroupName,
  host: HostName,
  resource: ResourceName,
): boolean {
  return draft.known(group, host, resource).status === 'running';
}

function isStopped(
  draft: Draft,
  group: GroupName,
  host: HostName,
  resource: ResourceName,
): boolean {
  return draft.known(group, host, resource).status === 'stopped';
}

function conflict(draft: Draft, name: GroupName, where: readonly HostName[]): void {
  dropPlan(draft, name, 'it runs on more than one host');
  const text = `RUNS ON ${where.join(' AND ')}: nothing is done before one of them is stopped or off`;
  if (draft.group(name).reason !== text) {
    draft.fact({ name: 'ha.group.conflict', severity: 'alarm', group: name, text });
  }
  say(draft, name, text);
}

export function dropPlan(draft: Draft, name: GroupName, why: string): void {
  const { plan, ...group } = draft.group(name);
  if (plan === undefined) return;
  draft.setGroup(group);
  draft.because(`the plan for ${name} is dropped: ${why}`);
}

function say(draft: Draft, name: GroupName, reason: string): void {
  const group = draft.group(name);
  if (group.reason === reason) return;
  draft.setGroup({ ...group, reason });
  draft.because(`${name} ${reason}`);
}

/** How long answers are waited for before they are asked for again. */
function pauseMs(draft: Draft): number {
  return Math.max(2_000, draft.spec.heartbeatTimeoutMs / 2);
}
