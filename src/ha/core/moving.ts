// SPDX-License-Identifier: Apache-2.0
/** Leaving a host where the group runs: because an operator says so, or because it must. */
import type { Instant } from '../../kernel/machine.ts';
import type { Draft } from './draft.ts';
import { countFailure } from './failures.ts';
import type { Known } from './knowledge.ts';
import { ask, operate, pauseMs, stopLeaves } from './operating.ts';
import { eligibleFor, hostsOf, isOnline, knownOn } from './placement.ts';
import { dropPlan, say } from './plan-words.ts';
import { listOf, type GroupName, type HostName } from './spec.ts';
import type { Plan } from './state.ts';
import { stopDoubtful } from './stopping.ts';

type Move = Extract<Plan, { type: 'move' }>;

/** A host that has not said by then that it can take a group may never: an operator is told. */
const PATIENCE_MS = 120_000;

export function whyLeave(draft: Draft, name: GroupName, host: HostName): string | undefined {
  const { wanted, avoid } = draft.group(name);
  if (wanted !== undefined && wanted !== host) return 'an operator wants it there';
  if (!draft.host(host).active) return `${host} is deactivated`;
  if (avoid.has(host)) return `it could not be started on ${host}`;
  return undefined;
}

/** Nothing is stopped here before the other host is known to be able to take it. */
export function beginMove(draft: Draft, name: GroupName, host: HostName, why: string): void {
  const group = draft.group(name);
  const choice = group.wanted === undefined ? nextHost(draft, name, host) : group.wanted;
  const obstacle =
    choice === undefined ? 'no other host may take it' : eligibleFor(draft, name, choice);
  if (choice === undefined || obstacle !== undefined) {
    if (group.wanted !== undefined) {
      draft.setGroup({ ...group, wanted: undefined });
      tellStays(draft, name, `stays on ${host}: ${obstacle}`);
    }
    if (group.avoid.has(host)) return retryInPlace(draft, name, host);
    return say(draft, name, `should leave ${host} (${why}) but stays: ${obstacle}`);
  }
  const again = draft.now + pauseMs(draft);
  const plan: Move = {
    type: 'move',
    host,
    to: choice,
    askedAt: draft.now,
    again,
    why,
    mended: false,
    stopping: false,
  };
  draft.setGroup({ ...group, plan });
  draft.because(`move ${name} from ${host} to ${choice}: ${why}`);
  askOthers(draft, name, plan);
  say(draft, name, `is about to move from ${host} to ${choice}: ${why}`);
}

/** All but the one that it leaves, whose stops say more than a monitor. */
function askOthers(draft: Draft, name: GroupName, plan: Move): void {
  for (const other of hostsOf(draft, name)) {
    if (other !== plan.host && isOnline(draft, other)) ask(draft, name, other, plan);
  }
}

/** While it stops here, too, the other host must be able to take it: what was not stopped yet runs on. */
export function continueMove(draft: Draft, name: GroupName, plan: Move): void {
  const { host, to, why } = plan;
  const obstacle = eligibleFor(draft, name, to);
  if (obstacle !== undefined) return stay(draft, name, plan, obstacle);
  if (!plan.stopping && !isReady(draft, name, plan)) return;
  stopLeaves(
    draft,
    name,
    host,
    (resource) => draft.known(name, host, resource.name).status !== 'stopped',
    why,
  );
  say(draft, name, `stops on ${host} to move to ${to}: ${why}`);
}

/** A monitor has said of each resource, since it was asked, that it does not run there and can. */
function isReady(draft: Draft, name: GroupName, plan: Move): boolean {
  const { host, to, why, askedAt } = plan;
  const open = knownOn(draft, name, to).find((known) => !saysStopped(known, askedAt));
  if (open === undefined) {
    // What it has said to this plan is its answer to the start, too, if the stops are quick.
    const stopping = { ...plan, stopping: true };
    draft.setGroup({ ...draft.group(name), plan: stopping, askedAheadAt: askedAt });
    const text = `from ${host}: ${why}`;
    draft.fact({ name: 'ha.group.moving', severity: 'info', group: name, host: to, text });
    return true;
  }
  if (plan.mended && open.doubt === 'failed') {
    const { avoid } = draft.group(name);
    draft.setGroup({ ...draft.group(name), avoid: new Map(avoid).set(to, open.text) });
    stay(draft, name, plan, `${to}: ${open.text}`);
  } else if (draft.isOver(askedAt, PATIENCE_MS)) {
    stay(draft, name, plan, `${to} has not said that it can take it: ${open.text}`);
  } else if (!stopDoubtful(draft, name, to)) {
    askOn(draft, name, plan);
    say(draft, name, `is about to move from ${host} to ${to}: ${why}`);
  }
  return false;
}

function saysStopped({ status, evidence }: Known, askedAt: Instant): boolean {
  return status === 'stopped' && evidence?.source === 'monitor' && evidence.askedAt >= askedAt;
}

function askOn(draft: Draft, name: GroupName, plan: Move): void {
  const { to, why, askedAt } = plan;
  let { again, mended } = plan;
  if (draft.isOver(again, 0)) {
    again = draft.now + pauseMs(draft);
    askOthers(draft, name, plan);
  }
  for (const { name: resource } of draft.groupSpec(name).resources) {
    const { evidence } = draft.known(name, to, resource);
    const wasStopped = evidence?.source === 'stop';
    mended ||= wasStopped && evidence.askedAt >= askedAt;
    const isOlder = evidence !== undefined && evidence.askedAt < askedAt;
    if (wasStopped || isOlder) operate(draft, name, to, resource, 'monitor', why);
  }
  draft.setGroup({ ...draft.group(name), plan: { ...plan, again, mended } });
}

/** The move is given up; what it has stopped already is started here again, if that may be. */
function stay(draft: Draft, name: GroupName, plan: Move, obstacle: string): void {
  const group = draft.group(name);
  const { wanted } = group;
  draft.setGroup({ ...group, wanted: undefined });
  dropPlan(draft, name, obstacle);
  const reason = `stays on ${plan.host}: ${obstacle}`;
  if (wanted !== undefined || plan.stopping) tellStays(draft, name, reason);
  say(draft, name, reason);
  draft.touchedGroups.add(name);
}

function tellStays(draft: Draft, name: GroupName, text: string): void {
  draft.fact({ name: 'ha.group.not-moved', severity: 'warning', group: name, text });
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
