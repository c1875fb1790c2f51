// SPDX-License-Identifier: Apache-2.0
/** When a host seems to need fencing: asks around, puts the case to the gates, and begins or says why not. */
import { armingOf } from './armed.ts';
import { suspectAt } from './contact.ts';
import { askPower, usableLevels } from './devices.ts';
import type { Draft } from './draft.ts';
import { mayFence, type FenceCase } from './fence-gates.ts';
import { beginFence, endFence, isOrdered } from './fencing.ts';
import { groupsMaybeOn, mayTake } from './placement.ts';
import { listOf, type ClusterSpec, type GroupName, type HostName } from './spec.ts';
import type { HostState, Inquiry } from './state.ts';

/** More an agent does not take. */
const ANSWER_MS_MAX = 60_000;

type Cause = FenceCase['cause'];
const TARGETS_MAX = 3;
const HOUR_MS = 3_600_000;

export function considerFence(draft: Draft, name: HostName): void {
  const host = draft.host(name);
  if (host.fence !== undefined) return reconsiderFence(draft, name);
  if (host.off?.confirmed === true) return;
  const mayHang =
    host.contact.status !== 'refused' && draft.now >= suspectAt(draft.spec, draft.state, host);
  if (!mayHang && !mayHaveCause(draft, host)) return clear(draft, name);
  const atStake = groupsMaybeOn(draft, name);
  if (mayHang) inquire(draft, name, atStake);
  const suspicion = causeOf(draft, name, atStake);
  if (suspicion === undefined || atStake.length === 0) return clear(draft, name);
  const facts = caseOf(draft, name, suspicion.cause, atStake);
  const verdict = mayFence(facts);
  if (verdict.fence) {
    const fences = [...recentFences(draft), draft.now];
    draft.set({ fences });
    draft.save('fences', fences);
    return beginFence(draft, name, suspicion.cause, suspicion.text);
  }
  if (verdict.reason !== host.notFenced) {
    draft.setHost({ ...draft.host(name), notFenced: verdict.reason });
    draft.because(`${name} is not fenced: ${verdict.reason}`);
  }
  // One alarm for each reason: answers come and go while we ask again and again.
  const told = host.toldGates ?? [];
  if (verdict.pending || told.includes(verdict.gate)) return;
  draft.setHost({ ...draft.host(name), toldGates: [...told, verdict.gate] });
  draft.fact({ name: 'ha.host.not-fenced', severity: 'alarm', host: name, text: verdict.reason });
}

/** A fence of ours that no device has carried out does not outlive its reason. */
function reconsiderFence(draft: Draft, name: HostName): void {
  const { fence } = draft.host(name);
  if (fence?.phase !== 'pause' || isOrdered(fence.cause)) return;
  // Only a host that answers can show that the reason is gone; one that was not heard yet shows nothing.
  const answers = draft.host(name).contact.status === 'online';
  const atStake = groupsMaybeOn(draft, name);
  if (answers && causeOf(draft, name, atStake) === undefined) {
    return endFence(draft, name, 'what it was begun for is over');
  }
  const unmanaged = atStake.find((group) => !draft.group(group).managed);
  if (unmanaged !== undefined)
    endFence(draft, name, `group ${unmanaged} may be on it and is unmanaged`);
}

/** A possible target has said whether it reaches the suspect. */
export function onReach(
  draft: Draft,
  name: HostName,
  from: HostName,
  outcome: 'yes' | 'no' | 'unknown',
): void {
  const host = draft.host(name);
  if (host.inquiry === undefined) return;
  // Asked again and without an answer: what it has said before holds.
  if (outcome === 'unknown' && host.inquiry.reach.get(from) === 'no') return;
  const reach = new Map(host.inquiry.reach).set(from, outcome);
  draft.setHost({ ...host, inquiry: { ...host.inquiry, reach } });
  draft.touchedHosts.add(name);
}

export function onWitness(draft: Draft, name: HostName, outcome: 'yes' | 'no'): void {
  const host = draft.host(name);
  if (host.inquiry === undefined) return;
  draft.setHost({ ...host, inquiry: { ...host.inquiry, witness: outcome } });
  draft.touchedHosts.add(name);
}

function inquire(draft: Draft, name: HostName, atStake: readonly GroupName[]): void {
  const host = draft.host(name);
  const { spec, now } = draft;
  const { contact, inquiry } = host;
  if (contact.status === 'unheard' && host.boot === undefined) return;
  if (inquiry !== undefined) {
    const isOld = !isFresh(draft, inquiry, (spec.heartbeatTimeoutMs * 3) / 4);
    const nobodyAsked = inquiry.reach.size === 0 && targetsOf(draft, name, atStake).length > 0;
    const useless = isOld || nobodyAsked || reachedBy(inquiry) !== 'no' || inquiry.witness === 'no';
    const isEarly = now - inquiry.askedAt < spec.heartbeatTimeoutMs / 2;
    if (!useless) return inquireAgain(draft, name, inquiry);
    if (isEarly && !nobodyAsked) return;
  }
  const asked = targetsOf(draft, name, atStake).slice(0, TARGETS_MAX);
  const reach = new Map(asked.map((from) => [from, 'asked'] as const));
  askWhoReaches(draft, name, asked);
  if (spec.witness) {
    const request = draft.ask({ type: 'witness', host: name, askedAt: now });
    draft.order({ type: 'ask-witness', request, deadlineMs: answerMs(spec) });
  }
  const witness = spec.witness ? 'asked' : 'none';
  draft.setHost({ ...draft.host(name), inquiry: { askedAt: now, reach, witness } });
  for (const device of draft.host(name).devices.keys()) {
    askPower(draft, name, device, 'status', 'the host missed two beats');
  }
}

/** A cable comes and goes: what was said early in a silence may not be so any more at its end. */
function inquireAgain(draft: Draft, name: HostName, inquiry: Inquiry): void {
  const { askedAt, againAt = askedAt } = inquiry;
  if (draft.now - againAt < draft.spec.heartbeatTimeoutMs / 4) return;
  draft.setHost({ ...draft.host(name), inquiry: { ...inquiry, againAt: draft.now } });
  askWhoReaches(draft, name, [...inquiry.reach.keys()]);
}

function askWhoReaches(draft: Draft, name: HostName, asked: readonly HostName[]): void {
  draft.forget(name, (pending) => pending.type === 'reach');
  for (const from of asked) {
    const request = draft.ask({ type: 'reach', host: name, from, askedAt: draft.now });
    draft.order({ type: 'reach', request, from, to: name, deadlineMs: answerMs(draft.spec) });
  }
}

function answerMs({ heartbeatTimeoutMs }: ClusterSpec): number {
  return Math.min(ANSWER_MS_MAX, Math.max(100, Math.floor(heartbeatTimeoutMs / 4)));
}

/** Where this is false there is no cause, whatever may be on the host. */
function mayHaveCause(draft: Draft, host: HostState): boolean {
  const { status } = host.contact;
  return status === 'online' || status === 'silent' || isAgentGone(draft, host);
}

function causeOf(
  draft: Draft,
  name: HostName,
  atStake: readonly GroupName[],
): { cause: Cause; text: string } | undefined {
  const host = draft.host(name);
  const { contact } = host;
  const { spec, now } = draft;
  if (host.obeysOther !== undefined) return undefined;
  // What it answered before a restart of ours, or before it fell silent, is for the other causes.
  const doubtful = contact.status === 'online' ? atStake : [];
  for (const group of doubtful) {
    const state = draft.group(group);
    const failover = draft.groupSpec(group).failoverHosts.length > 0;
    if (!state.managed || state.failed !== undefined || !failover) continue;
    for (const [resource, known] of state.known.get(name) ?? []) {
      if (known.doubt !== 'stop-failed') continue;
      return { cause: 'stop-failed', text: `${resource} of group ${group}: ${known.text}` };
    }
  }
  // A silence from before a gap of our own: what the host has said since may still lie unread.
  const listenedMs = now - draft.state.listenSince;
  const isOld = contact.status === 'silent' && contact.since < draft.state.listenSince;
  if (isOld && listenedMs < spec.heartbeatTimeoutMs) return undefined;
  if (contact.status === 'silent' && host.boot !== undefined) {
    const where = atStake.join(', ');
    return { cause: 'silence', text: `it is silent and may hold ${where || 'nothing'}` };
  }
  if (isAgentGone(draft, host)) {
    return { cause: 'agent', text: 'its agent has not answered for agent_timeout' };
  }
  return undefined;
}

/** Somebody answers strangely: a certificate that has ended, say. That must not cost the host its power. */
function isAgentGone({ spec, now }: Draft, { contact }: HostState): boolean {
  if (spec.onAgentTimeout !== 'fence' || contact.status !== 'refused') return false;
  return contact.goneSince !== undefined && now - contact.goneSince >= spec.agentTimeoutMs;
}

function caseOf(
  draft: Draft,
  name: HostName,
  cause: Cause,
  atStake: readonly GroupName[],
): FenceCase {
  const { spec, state } = draft;
  const host = draft.host(name);
  const { fencing } = spec;
  const helps = helpOf(draft, name, atStake);
  const unmanaged = atStake.find((group) => !draft.group(group).managed);
  const reached = isFresh(draft, host.inquiry) ? reachedBy(host.inquiry) : 'asked';
  return {
    cause,
    mode: spec.mode,
    superseded: state.superseded !== undefined,
    armed: armingOf(fencing, host, draft.now).armed,
    switched: host.switched,
    provenLevel: usableLevels(draft, host, 'manager').length > 0,
    helps,
    unmanaged,
    othersAnswer: count(state.hosts, (other) => answersSince(draft, other, host)),
    managerOnHost: spec.managerHost !== undefined,
    witness: isFresh(draft, host.inquiry) ? host.inquiry.witness : spec.witness ? 'asked' : 'none',
    reached:
      helps !== undefined && targetsOf(draft, name, atStake).length === 0 ? 'nobody' : reached,
    onReached: fencing.onReached,
    silentHosts: count(state.hosts, (other) => isSilent(draft, other)),
    hosts: state.hosts.size,
    fencesUnderWay: state.fencing.length,
    isWitness: state.fencing.some((other) => draft.host(other).fence?.witnesses.has(name) === true),
    isManagerHost: name === spec.managerHost,
    maxConcurrent: fencing.maxConcurrent,
    fencesLastHour: recentFences(draft).length,
    maxPerHour: fencing.maxPerHour,
  };
}

function count(
  hosts: ReadonlyMap<HostName, HostState>,
  which: (host: HostState) => boolean,
): number {
  let counted = 0;
  for (const host of hosts.values()) if (which(host)) counted++;
  return counted;
}

function helpOf(draft: Draft, name: HostName, atStake: readonly GroupName[]): FenceCase['helps'] {
  for (const group of atStake) {
    const { managed, failed } = draft.group(group);
    if (!managed || failed !== undefined) continue;
    const target = takersOf(draft, group, name)[0];
    if (target !== undefined) return { group, target };
  }
  return undefined;
}

function targetsOf(draft: Draft, name: HostName, atStake: readonly GroupName[]): HostName[] {
  const all = atStake.flatMap((group) => takersOf(draft, group, name));
  return [...new Set(all)].filter((target) => target !== draft.spec.managerHost);
}

function takersOf(draft: Draft, group: GroupName, name: HostName): HostName[] {
  const list = listOf(draft.groupSpec(group));
  if (list.length < 2) return [];
  return list.filter((other) => other !== name && mayTake(draft, group, other) === undefined);
}

function answersSince(draft: Draft, other: HostState, suspect: HostState): boolean {
  if (other.name === suspect.name || other.name === draft.spec.managerHost) return false;
  const { contact } = suspect;
  const silentSince =
    contact.status === 'silent' ? contact.since - draft.spec.heartbeatTimeoutMs / 2 : 0;
  return other.contact.status === 'online' && other.answeredAt > silentSince;
}

function isSilent(draft: Draft, host: HostState): boolean {
  if (host.off?.confirmed === true) return false;
  if (host.contact.status === 'online')
    return draft.now >= suspectAt(draft.spec, draft.state, host);
  return (
    host.contact.status === 'silent' ||
    (host.contact.status === 'unheard' && host.boot !== undefined)
  );
}

function isFresh(
  draft: Draft,
  inquiry: Inquiry | undefined,
  withinMs = draft.spec.heartbeatTimeoutMs,
): inquiry is Inquiry {
  if (inquiry === undefined || inquiry.askedAt < draft.state.listenSince) return false;
  return draft.now - inquiry.askedAt <= withinMs;
}

function reachedBy(inquiry: Inquiry): FenceCase['reached'] {
  const answers = [...inquiry.reach.values()];
  if (answers.includes('yes')) return 'yes';
  if (answers.includes('asked')) return 'asked';
  return answers.includes('no') ? 'no' : 'unknown';
}

function recentFences(draft: Draft): number[] {
  return draft.state.fences.filter((at) => draft.now - at < HOUR_MS);
}

function clear(draft: Draft, name: HostName): void {
  const host = draft.host(name);
  if (host.notFenced === undefined && host.toldGates === undefined) return;
  draft.setHost({ ...host, notFenced: undefined, toldGates: undefined });
}
