// SPDX-License-Identifier: Apache-2.0
/**
 * Whether a host answers, which boot and which agent it is, and when silence begins.
 *
 * Silence counts only while we listened: after a gap of our own every host gets a full time-out again
 * (`listenSince`). Boots and incarnations are only equal or different; what came earlier is known by
 * when we asked.
 */
import type { Instant } from '../../kernel/machine.ts';
import { judgeDevices, offIsOver, distrust, powerIsOff } from './devices.ts';
import type { Draft } from './draft.ts';
import { beatWhileFencing } from './fencing.ts';
import { afterNewBoot, afterObservation, doubted, type Known, type Speaker } from './knowledge.ts';
import type { HaEvent, Observation } from './messages.ts';
import { noteFailure } from './failures.ts';
import { isOperating, operate } from './operating.ts';
import type { ClusterSpec, HostName } from './spec.ts';
import type { ClusterState, HostState } from './state.ts';
import { joinWitnesses } from './witnesses.ts';

type Beat = Extract<HaEvent, { type: 'beat' }>;

export function onBeat(draft: Draft, beat: Beat): void {
  const before = draft.state.hosts.get(beat.host);
  if (before === undefined) return draft.because('an answer of a host that is not configured');
  if (isGhost(before, beat))
    return draft.because('a late answer: overtaken by what was asked since');
  hear(draft, before, beat);
  const { off } = before;
  if (off !== undefined) {
    if (off.boot === beat.boot) distrust(draft, before.name, off.devices);
    offIsOver(draft, before.name, off.boot === beat.boot ? 'it answers' : 'a new boot answers');
  }
  beatWhileFencing(draft, before, beat.boot, beat.askedAt);
  if (before.boot !== beat.boot) meetBoot(draft, before, beat.boot);
  else if (before.incarnation !== beat.incarnation) meetAgent(draft, before);
  judgeDevices(draft, before.name, beat.askedAt);
  // A fence may wait for just this answer.
  for (const fenced of draft.state.fencing) draft.touchedHosts.add(fenced);
  const { doubtedAt } = draft.host(before.name);
  const speaker = { boot: beat.boot, incarnation: beat.incarnation, doubtedAt };
  for (const seen of beat.observations) observe(draft, beat, speaker, seen);
}

/** The host lives and its agent answers, but obeys a manager with another journal: nothing is known there. */
export function onOtherJournal(
  draft: Draft,
  { host: name, askedAt, text }: Extract<HaEvent, { type: 'superseded' }>,
): void {
  const before = draft.state.hosts.get(name);
  if (before === undefined) return;
  onRefused(draft, { host: name, askedAt, strange: true });
  if (draft.host(name).contact.status !== 'refused') return draft.because('a late answer');
  draft.setHost({ ...draft.host(name), obeysOther: text });
  if (before.obeysOther !== undefined) return;
  const words = `its agent obeys another manager: ${text}`;
  draft.fact({ name: 'ha.agent.obeys-other', severity: 'alarm', host: name, text: words });
  draft.because(`${name} obeys another manager`);
}

export function onRefused(
  draft: Draft,
  refusal: Pick<Extract<HaEvent, { type: 'refused' }>, 'host' | 'askedAt' | 'strange'>,
): void {
  const { host: name, askedAt, strange } = refusal;
  const host = draft.state.hosts.get(name);
  if (host === undefined || askedAt < host.aliveAt) return;
  if (host.off !== undefined && askedAt <= host.off.at) return;
  offIsOver(draft, name, 'its kernel refuses connections');
  const { now } = draft;
  if (host.contact.status === 'refused') {
    const goneSince = strange ? undefined : (host.contact.goneSince ?? now);
    const contact = { ...host.contact, heardAt: now, goneSince };
    draft.setHost({ ...draft.host(name), aliveAt: askedAt, contact });
    return;
  }
  draft.setHost({
    ...draft.host(name),
    aliveAt: askedAt,
    doubtedAt: now,
    contact: {
      status: 'refused',
      since: now,
      heardAt: now,
      told: false,
      goneSince: strange ? undefined : now,
    },
  });
  doubtAll(draft, name, 'the agent on its host does not answer');
  const text =
    'its kernel lives, its agent does not answer (connections are refused, or answers strange)';
  draft.fact({ name: 'ha.host.refused', severity: 'warning', host: name, text });
  draft.because(`the agent on ${name} does not answer`);
  draft.touchedHosts.add(name);
}

/** What time has done to the contact with a host. */
export function watchContact(draft: Draft, name: HostName): void {
  const host = draft.host(name);
  const { contact } = host;
  if (contact.status === 'refused') tellAgentGone(draft, host, contact);
  // Agents that obey another manager have nothing to say to us, and that is no silence.
  if (contact.status === 'silent' || draft.state.superseded !== undefined) return;
  // A tick comes only after everything that has arrived: before, an answer may lie in the mailbox.
  if (draft.isTick && draft.now >= silentAt(draft.spec, draft.state, host)) {
    if (contact.status === 'unheard' && host.boot === undefined) return tellUnheard(draft, host);
    return fallSilent(draft, name, `no answer for ${seconds(draft.spec.heartbeatTimeoutMs)}`);
  }
  const missedTwo = draft.now >= suspectAt(draft.spec, draft.state, host);
  if (contact.status === 'online' && missedTwo && powerIsOff(draft, name, contact.heardAt)) {
    fallSilent(draft, name, 'its fence devices say that its power is off');
  }
}

/** It may run anything, and it was never heard: only an operator can go on from here. */
function tellUnheard(draft: Draft, host: HostState): void {
  if (host.contact.status !== 'unheard' || host.contact.told) return;
  draft.setHost({ ...host, contact: { status: 'unheard', told: true } });
  const text = `it was never heard: start its agent, or, if it is off, say \`aureole fence ${host.name} --confirm-off\``;
  draft.fact({ name: 'ha.host.unheard', severity: 'alarm', host: host.name, text });
  draft.because(`${host.name} was never heard`);
}

function tellAgentGone(
  draft: Draft,
  host: HostState,
  contact: Extract<HostState['contact'], { status: 'refused' }>,
): void {
  const { agentTimeoutMs, onAgentTimeout } = draft.spec;
  const isForFence = onAgentTimeout === 'fence' && contact.goneSince !== undefined;
  if (contact.told || isForFence || draft.now - contact.since < agentTimeoutMs) return;
  draft.setHost({ ...host, contact: { ...contact, told: true } });
  const text = `its agent has not answered for ${seconds(agentTimeoutMs)}; its kernel lives, so it is not fenced: look at the agent there`;
  draft.fact({ name: 'ha.agent.gone', severity: 'alarm', host: host.name, text });
  draft.because(`the agent on ${host.name} is gone`);
}

/** When the silence of a host is over, unless it answers before. */
export function silentAt(spec: ClusterSpec, state: ClusterState, host: HostState): number {
  return Math.max(heardAtOf(host), state.listenSince) + spec.heartbeatTimeoutMs;
}

/** When the host missed its second beat: the time to ask around. */
export function suspectAt(spec: ClusterSpec, state: ClusterState, host: HostState): number {
  return Math.max(heardAtOf(host), state.listenSince) + spec.heartbeatTimeoutMs / 2;
}

export function heardAtOf(host: HostState): number {
  const { contact } = host;
  return contact.status === 'unheard' ? 0 : contact.heardAt;
}

/** Overtaken answers, and those of a boot that is proven off, say nothing about now. */
function isGhost(host: HostState, beat: Beat): boolean {
  if (beat.askedAt < host.answeredAt) return true;
  return host.off !== undefined && beat.askedAt <= host.off.at;
}

function hear(draft: Draft, before: HostState, beat: Beat): void {
  draft.setHost({
    ...before,
    contact: { status: 'online', heardAt: draft.now },
    answeredAt: beat.askedAt,
    aliveAt: Math.max(before.aliveAt, beat.askedAt),
    boot: beat.boot,
    incarnation: beat.incarnation,
    inquiry: undefined,
    obeysOther: undefined,
    switched: undefined,
  });
  joinWitnesses(draft, before.name);
  if (before.contact.status === 'online') return;
  const text = 'it answers';
  draft.fact({ name: 'ha.host.online', severity: 'info', host: before.name, text });
  draft.because(`${before.name} answers`);
  draft.touchedHosts.add(before.name);
  touchGroups(draft, before.name);
}

/** What ran in the boot before is gone, what runs now must be asked, and what its devices said was about then. */
function meetBoot(draft: Draft, before: HostState, boot: string): void {
  const { name } = before;
  const { now } = draft;
  draft.forget(name, (pending) => pending.type === 'operation');
  draft.changeKnown(name, () => afterNewBoot(now));
  const host = draft.host(name);
  const devices = new Map(
    [...host.devices].map(([device, state]) => {
      return [device, { ...state, power: 'unknown', checkAt: now }] as const;
    }),
  );
  draft.setHost({ ...host, doubtedAt: now, devices });
  for (const group of draft.groupsOn(name)) {
    const state = draft.group(group);
    if (!state.avoid.has(name)) continue;
    const avoid = new Map(state.avoid);
    avoid.delete(name);
    draft.setGroup({ ...state, avoid });
  }
  touchGroups(draft, name);
  draft.touchedHosts.add(name);
  if (before.boot === undefined) return;
  const text = `it was booted anew (${boot.slice(0, 8)}): nothing of the boot before runs on`;
  draft.fact({ name: 'ha.host.booted', severity: 'warning', host: name, text });
  draft.because(`${name} was booted anew`);
}

const NOT_ASKED = 'not asked since the manager has started';

/** Another run of the agent in the same boot: services run on, operations may too. */
function meetAgent(draft: Draft, before: HostState): void {
  const { name } = before;
  draft.setHost({ ...draft.host(name), doubtedAt: draft.now });
  const isNew = before.incarnation === undefined;
  doubtAll(draft, name, isNew ? NOT_ASKED : 'its agent was restarted and has not monitored it yet');
  if (isNew) return;
  const text = 'its agent was restarted; what runs there is asked again';
  draft.fact({ name: 'ha.agent.restarted', severity: 'warning', host: name, text });
  draft.because(`the agent on ${name} was restarted`);
}

function observe(draft: Draft, { host, askedAt }: Beat, speaker: Speaker, seen: Observation): void {
  const owner = draft.layout.owners.get(seen.resource);
  if (owner === undefined) return;
  const { group, resource } = owner;
  const known = draft.known(group, host, seen.resource);
  if (isOperating(draft, host, seen.resource)) return; // The answer to our order says more.
  if (isOvertaken(known, askedAt)) return;
  // After a gap of our own, what lay waiting is old, and nobody but us is to blame.
  const isGap = draft.now - draft.state.listenSince <= resource.monitorOverdueMs;
  const overdueMs = isGap ? Infinity : resource.monitorOverdueMs;
  const next = afterObservation(known, seen, speaker, overdueMs, draft.now);
  if (next === known) return;
  if (isSame(known, next)) return draft.setKnownQuietly(group, host, seen.resource, next);
  draft.setKnown(group, host, seen.resource, next);
  noteFailure(draft, group, host, seen.resource, known, next);
  // What an operation has left is looked at now, not when the next monitor happens to be due.
  if (known.operating === true && next.operating === false) {
    operate(draft, group, host, seen.resource, 'monitor', 'an operation of it has ended');
  }
  draft.because(`${seen.resource} on ${host}: ${next.status}, ${next.text}`);
}

/**
 * The answer to our start or stop came after this was asked: what is told as alive may be just that, which
 * has ended, and no monitor of the same question can have begun since.
 */
function isOvertaken({ evidence, doubtedAt }: Known, askedAt: Instant): boolean {
  const isOperation = evidence?.source === 'start' || evidence?.source === 'stop';
  return isOperation && askedAt < doubtedAt;
}

function isSame(a: Known, b: Known): boolean {
  return (
    a.status === b.status && a.doubt === b.doubt && a.text === b.text && a.evidence !== undefined
  );
}

function fallSilent(draft: Draft, name: HostName, text: string): void {
  const host = draft.host(name);
  const contact = { status: 'silent', since: draft.now, heardAt: heardAtOf(host) } as const;
  draft.setHost({ ...host, contact, doubtedAt: draft.now });
  doubtAll(draft, name, 'its host is silent');
  if (host.off === undefined) {
    draft.fact({ name: 'ha.host.silent', severity: 'warning', host: name, text });
  }
  draft.because(`${name} is silent: ${text}`);
  for (const other of draft.state.hosts.keys()) draft.touchedHosts.add(other);
}

function doubtAll(draft: Draft, name: HostName, text: string): void {
  if (draft.host(name).off?.confirmed === true) return;
  draft.changeKnown(name, (known) => doubted(known, draft.now, text));
}

function touchGroups(draft: Draft, name: HostName): void {
  for (const group of draft.layout.groupsOf.get(name) ?? []) draft.touchedGroups.add(group);
}

function seconds(ms: number): string {
  return ms % 1_000 === 0 ? `${ms / 1_000} s` : `${ms} ms`;
}
