// SPDX-License-Identifier: Apache-2.0
/**
 * Decides, for one group, the next thing to do. Level triggered: it looks at what is known, not at
 * how it became known, so the same knowledge gives the same plan. Called again after every change.
 */
import type { Draft } from './draft.ts';
import { countFailure, giveUp } from './failures.ts';
import type { OperationOutcome } from './messages.ts';
import { beginMove, continueMove, whyLeave } from './moving.ts';
import {
  askAhead,
  askEverybody,
  askWhoAnsweredBefore,
  isAskedAhead,
  isUnderWay,
  operate,
  pauseMs,
} from './operating.ts';
import { dropPlan, say } from './plan-words.ts';
import {
  chooseHost,
  eligibleFor,
  mayTake,
  hostsOf,
  isOnline,
  isStoppedOn,
  knownOn,
  locationsOf,
  runsOn,
} from './placement.ts';
import { listOf, type GroupName, type HostName, type ResourceName } from './spec.ts';
import { mayStart, type StartVerdict } from './start-rule.ts';
import { stopDoubtful, stopOrphaned } from './stopping.ts';
import type { Pending, Plan } from './state.ts';

type Operating = Extract<Pending, { type: 'operation' }>;

export function planGroup(draft: Draft, name: GroupName): void {
  const group = draft.group(name);
  if (draft.state.superseded !== undefined)
    return say(draft, name, 'another manager has taken over');
  if (draft.spec.mode === 'observe') return say(draft, name, 'observed only');
  if (!group.managed) return say(draft, name, 'unmanaged');
  if (group.failed !== undefined) return say(draft, name, group.failed);
  watchDown(draft, name);
  const where = locationsOf(draft, name);
  if (where.length > 1) return conflict(draft, name, where);
  const [host] = where;
  if (host !== undefined) {
    if (group.lastHost !== host) draft.setGroup({ ...draft.group(name), lastHost: host });
    return whileOn(draft, name, host);
  }
  return whileNowhere(draft, name);
}

/** A managed group that does not run for this long is told of, whatever the reason. */
const DOWN_MS = 120_000;

function watchDown(draft: Draft, name: GroupName): void {
  const group = draft.group(name);
  const { down } = group;
  const runs = hostsOf(draft, name).some((host) => runsOn(draft, name, host) === 'all');
  if (runs) {
    if (down !== undefined) draft.setGroup({ ...group, down: undefined });
    return;
  }
  if (down === undefined)
    return draft.setGroup({ ...group, down: { since: draft.now, told: false } });
  if (down.told || !draft.isOver(down.since, DOWN_MS)) return;
  draft.setGroup({ ...group, down: { ...down, told: true } });
  const text = `it has not run for ${DOWN_MS / 60_000} minutes: ${group.reason}`;
  draft.fact({ name: 'ha.group.down', severity: 'alarm', group: name, text });
}

/** An operation of ours on this group has ended; what it means is known already. */
export function afterGroupOperation(
  draft: Draft,
  pending: Operating,
  ended: OperationOutcome['type'],
): void {
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
    // Out of sight is no failure: it is stopped, since it may have come, and started again.
    if (ended === 'lost' || ended === 'unreachable')
      dropPlan(draft, group, 'a start got out of sight');
    else afterFailedStart(draft, group, host, known.text);
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
  const blocker = blockerOf(draft, name);
  if (blocker !== undefined)
    return say(draft, name, `runs in part on ${host}; ${mayRunOn(draft, blocker)}`);
  startOn(draft, name, host, 'the rest of its group runs here');
}

function settled(draft: Draft, name: GroupName, host: HostName): void {
  const group = draft.group(name);
  const { plan, wanted } = group;
  if (plan !== undefined || wanted !== undefined) {
    draft.setGroup({ ...group, plan: undefined, wanted: wanted === host ? undefined : wanted });
    if (plan?.type === 'start' && plan.started) {
      draft.fact({
        name: 'ha.group.running',
        severity: 'info',
        group: name,
        host,
        text: 'all of it runs',
      });
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
    draft.setGroup({ ...draft.group(name), plan: undefined, wanted: plan.to });
  }
  if (plan?.type === 'start' && (group.wanted ?? plan.host) === plan.host) {
    const why = eligibleFor(draft, name, plan.host);
    if (why === undefined) return startOn(draft, name, plan.host, plan.why);
    dropPlan(draft, name, why);
  }
  const blocker = blockerOf(draft, name);
  if (blocker !== undefined) {
    if (isToldOff(draft, blocker)) askAhead(draft, name);
    return say(draft, name, `waits: ${mayRunOn(draft, blocker)}`);
  }
  const choice = chooseHost(draft, name);
  if ('why' in choice) return nowhereToGo(draft, name, choice.why);
  const earlier = waitsFor(draft, name);
  if (earlier !== undefined) return say(draft, name, `waits for group ${earlier}`);
  startOn(draft, name, choice.host, whyNowhere(draft, name, choice.host));
}

function nowhereToGo(draft: Draft, name: GroupName, why: string): void {
  const group = draft.group(name);
  const barred = [...group.avoid.keys()].filter((host) => mayTake(draft, name, host) === undefined);
  const [again] = barred;
  if (again === undefined) return say(draft, name, `waits for a host: ${why}`);
  // Every host that is left has failed once: better tried again, and counted, than down for good.
  const avoid = new Map(group.avoid);
  for (const host of barred) avoid.delete(host);
  draft.setGroup({ ...group, avoid });
  countFailure(draft, name, group.avoid.get(again) ?? why);
  draft.touchedGroups.add(name);
}

/** A host that does not answer, is not off, and may hold the group. */
function blockerOf(draft: Draft, name: GroupName): HostName | undefined {
  return hostsOf(draft, name).find(
    (host) => !isOnline(draft, host) && !isStoppedOn(draft, name, host),
  );
}

/** Off is on its way to it: what waits for that may soon be started elsewhere. */
function isToldOff(draft: Draft, host: HostName): boolean {
  const { fence } = draft.host(host);
  return fence !== undefined && /^(?:off|status|settle)$/.test(fence.phase);
}

/** Why a group on that host is not known to be stopped, and what is done about it. */
function mayRunOn(draft: Draft, host: HostName): string {
  const { contact, fence, notFenced, obeysOther } = draft.host(host);
  if (fence !== undefined) return `it may run on ${host}, which is being fenced`;
  if (notFenced !== undefined) return `it may run on ${host}, which is not fenced: ${notFenced}`;
  if (obeysOther !== undefined) return `it may run on ${host}, whose agent obeys another manager`;
  const words = {
    unheard: 'has not answered yet',
    online: 'has not said so yet',
    silent: 'is silent',
    refused: 'has no agent that answers',
  } as const;
  return `it may run on ${host}, which ${words[contact.status]}`;
}

function whyNowhere(draft: Draft, name: GroupName, host: HostName): string {
  const { lastHost, wanted, avoid } = draft.group(name);
  if (lastHost === undefined) {
    const dead = hostsOf(draft, name).find((one) => draft.host(one).off?.confirmed === true);
    return dead === undefined ? 'it runs on no host' : `${dead}, where it may have run, is off`;
  }
  if (avoid.has(lastHost)) return `it could not be started on ${lastHost}`;
  if (wanted === host) return `it moves here from ${lastHost}`;
  if (wanted !== undefined) return `${wanted}, where it was to go, cannot take it`;
  const off = draft.state.hosts.get(lastHost)?.off?.confirmed === true;
  return off ? `${lastHost}, where it ran, is off` : `it ran on ${lastHost} and was found stopped`;
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
    const asked = hostsOf(draft, name).filter((other) => isOnline(draft, other));
    const again = draft.now + pauseMs(draft);
    const askedAt = isAskedAhead(draft, group) ? group.askedAheadAt : undefined;
    const answers = { askedAt: askedAt ?? draft.now, asked };
    plan = { type: 'start', host, again, why, started: false, ...answers };
    const ran = group.ran.includes(host) ? group.ran : [...group.ran, host];
    draft.setGroup({ ...group, plan, ran, askedAheadAt: undefined });
    // They may all have answered.
    if (askedAt !== undefined) draft.touchedGroups.add(name);
    draft.because(`ask who has ${name}, to start it on ${host} if nobody does: ${why}`);
    askEverybody(draft, name, plan);
    return say(draft, name, `asks its hosts, to start on ${host} if it runs nowhere`);
  }
  const verdict = startVerdict(draft, name, plan);
  if (!verdict.start) return waitForAnswers(draft, name, plan, verdict);
  for (const resource of draft.groupSpec(name).resources) {
    if (draft.known(name, host, resource.name).status !== 'stopped') continue;
    if (resource.parent !== undefined && !isRunning(draft, name, host, resource.parent)) continue;
    operate(draft, name, host, resource.name, 'start', plan.why);
    draft.setGroup({ ...draft.group(name), plan: { ...plan, started: true } });
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
  if (blockedBy !== undefined && stopDoubtful(draft, name, blockedBy)) return;
  if (blockedBy === undefined) askWhoAnsweredBefore(draft, name, plan.host, plan);
  const isNew = blockedBy !== undefined && !plan.asked.includes(blockedBy);
  if (isNew || draft.isOver(plan.again, 0)) {
    draft.setGroup({
      ...draft.group(name),
      plan: {
        ...plan,
        again: draft.now + pauseMs(draft),
        asked: blockedBy === undefined ? plan.asked : [...new Set([...plan.asked, blockedBy])],
      },
    });
    askEverybody(draft, name, plan);
  }
  const intent = `asks its hosts, to start on ${plan.host} if it runs nowhere`;
  say(draft, name, `${intent}: ${verdict.reason}`);
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

function isRunning(
  draft: Draft,
  group: GroupName,
  host: HostName,
  resource: ResourceName,
): boolean {
  return draft.known(group, host, resource).status === 'running';
}

function conflict(draft: Draft, name: GroupName, where: readonly HostName[]): void {
  dropPlan(draft, name, 'it runs on more than one host');
  const text = `RUNS ON ${where.join(' AND ')}: nothing is done before one of them is stopped or off`;
  if (draft.group(name).reason !== text) {
    draft.fact({ name: 'ha.group.conflict', severity: 'alarm', group: name, text });
  }
  say(draft, name, text);
}
