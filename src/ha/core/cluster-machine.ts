// SPDX-License-Identifier: Apache-2.0
/**
 * The one machine that the manager runs. It routes an event to the host or group that it is about,
 * then looks again at everything that the event touched until nothing new follows.
 */
import type { Instant, Machine, Saved, Step, Tick } from '../../kernel/machine.ts';
import { Table } from '../../kernel/table.ts';
import { onBeat, onOtherJournal, onRefused, watchContact } from './contact.ts';
import { afterCheck, checkDevices } from './devices.ts';
import { Draft } from './draft.ts';
import { awaited, expireKnowledge, dueHosts, missedAt, TICKS } from './due.ts';
import { noteFailure } from './failures.ts';
import { afterFenceAnswer, continueFence, settleFences } from './fencing.ts';
import { afterGroupOperation, planGroup } from './group-plan.ts';
import { afterOperation } from './knowledge.ts';
import { layoutOf, type Layout } from './layout.ts';
import type { HaCommand, HaEvent } from './messages.ts';
import { onOrder } from './orders.ts';
import { afterSwitchOn } from './power.ts';
import { formerHosts, pastInstants, restoredGroup, restoredHost } from './records.ts';
import type { ClusterSpec, GroupName, HostName } from './spec.ts';
import type { ClusterState, Pending } from './state.ts';
import { considerFence, onReach, onWitness } from './suspicion.ts';

export type HaMachine = Machine<ClusterState, HaEvent, HaCommand>;

/** More rounds than any chain of consequences needs; the rest would wait for the next tick. */
const ROUNDS_MAX = 16;

/** `epoch`: how often this journal has been opened; makes the requests of this run unlike all others. */
export function haMachine(spec: ClusterSpec, epoch: number): HaMachine {
  const layout = layoutOf(spec);
  return {
    name: 'ha.cluster',
    step: (state, event, now) => step(spec, layout, state, event, now),
    deadline: (state) => deadline(spec, state),
    restore: (saved, now) => restore(spec, layout, epoch, saved, now),
  };
}

function step(
  spec: ClusterSpec,
  layout: Layout,
  state: ClusterState,
  event: HaEvent | Tick,
  now: Instant,
): Step<ClusterState, HaCommand> {
  const draft = new Draft(spec, layout, state, now, event.type === 'tick');
  listen(draft);
  take(draft, event);
  follow(draft);
  const isTick = event.type === 'tick';
  draft.set({ lastStepAt: now, ...(isTick ? { awaited: awaited(draft) } : {}) });
  return draft.finish();
}

/** A gap between two steps is time in which we did not listen: nobody's silence in it counts. */
function listen(draft: Draft): void {
  const gapMs = draft.now - draft.state.lastStepAt;
  if (gapMs <= draft.spec.heartbeatTimeoutMs / 4) return;
  draft.set({ listenSince: draft.now });
  draft.because(
    `the manager did not listen for ${gapMs} ms: every host gets a full time-out again`,
  );
}

function take(draft: Draft, event: HaEvent | Tick): void {
  switch (event.type) {
    case 'tick':
      return onTick(draft);
    case 'beat':
      return onBeat(draft, event);
    case 'refused':
      return onRefused(draft, event);
    case 'superseded':
      if (event.by === 'other-journal') return onOtherJournal(draft, event);
      if (draft.state.superseded !== undefined) return;
      draft.set({ superseded: event.text });
      draft.fact({
        name: 'ha.manager.superseded',
        severity: 'alarm',
        host: event.host,
        text: event.text,
      });
      for (const group of draft.state.groups.keys()) draft.touchedGroups.add(group);
      return draft.because('another manager has taken over');
    case 'operation-result':
    case 'power-result':
    case 'reach-result':
    case 'witness-result':
      return onAnswer(draft, event);
    case 'order':
      return onOrder(draft, event.order);
  }
}

type Answer = Extract<
  HaEvent,
  { type: 'operation-result' | 'power-result' | 'reach-result' | 'witness-result' }
>;

function onAnswer(draft: Draft, event: Answer): void {
  const pending = draft.answered(event.request, 'host' in event ? event.host : undefined);
  if (pending === undefined) return draft.because('an answer that nobody waits for any more');
  if (event.type === 'operation-result' && pending.type === 'operation') {
    return onOperation(draft, pending, event);
  }
  if (event.type === 'power-result' && pending.type === 'power') {
    const { host, device, action, fenceSince } = pending;
    if (fenceSince === undefined && action === 'on')
      return afterSwitchOn(draft, host, device, event.outcome, event.text);
    if (fenceSince === undefined) return afterCheck(draft, host, device, event.outcome, event.text);
    if (draft.host(host).fence?.since !== fenceSince) return;
    return afterFenceAnswer(draft, host, device, action, event.outcome, event.text);
  }
  if (event.type === 'reach-result' && pending.type === 'reach') {
    return onReach(draft, pending.host, pending.from, event.outcome);
  }
  if (event.type === 'witness-result' && pending.type === 'witness') {
    return onWitness(draft, pending.host, event.outcome);
  }
}

function onOperation(
  draft: Draft,
  pending: Extract<Pending, { type: 'operation' }>,
  event: Extract<HaEvent, { type: 'operation-result' }>,
): void {
  const { group, host, resource, operation, askedAt } = pending;
  const { doubtedAt, boot } = draft.host(host);
  const before = draft.known(group, host, resource);
  const sameBoot = boot === pending.boot && (event.boot === pending.boot || event.boot === '');
  const outcome = sameBoot
    ? event.outcome
    : ({ type: 'lost', text: 'the host was booted anew' } as const);
  const speaker = { boot: pending.boot, incarnation: event.incarnation, doubtedAt };
  const after = afterOperation(before, operation, outcome, askedAt, speaker, draft.now);
  draft.setKnown(group, host, resource, after);
  if (operation === 'monitor') noteFailure(draft, group, host, resource, before, after);
  afterGroupOperation(draft, pending, outcome.type);
}

function onTick(draft: Draft): void {
  draft.set({ lastTickAt: draft.now });
  expireKnowledge(draft);
  for (const ofHost of draft.state.pending.values()) {
    if (ofHost.size === 0) continue;
    for (const [request, pending] of ofHost) {
      if (pending.type !== 'power' || pending.giveUpAt > draft.now) continue;
      const { host } = pending;
      const text = 'the fence program gave no answer';
      onAnswer(draft, { type: 'power-result', host, request, outcome: 'unknown', text });
    }
  }
}

/** A tick looks at whoever has something due; whoever was touched is looked at, until nothing new follows. */
function follow(draft: Draft): void {
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const isTick = draft.isTick && round === 0;
    const hosts = [...draft.touchedHosts];
    const groups = new Set(draft.touchedGroups);
    if (!isTick && hosts.length === 0 && groups.size === 0) return;
    draft.touchedHosts.clear();
    draft.touchedGroups.clear();
    const all = isTick ? undefined : hosts;
    for (const name of dueHosts(draft, all)) watchContact(draft, name);
    for (const name of dueHosts(draft, all)) {
      checkDevices(draft, name);
      considerFence(draft, name);
      continueFence(draft, name);
    }
    settleFences(draft);
    for (const name of groups) lookAtGroup(draft, name);
    if (!isTick) continue;
    for (const name of draft.dueGroups()) if (!groups.has(name)) lookAtGroup(draft, name);
  }
  for (const name of draft.touchedGroups) draft.wake(name);
}

function lookAtGroup(draft: Draft, name: GroupName): void {
  draft.look(name, () => planGroup(draft, name));
}

/** Ticks come at least eight times in a heartbeat_timeout, when a second beat was missed, and when a silence is over. */
function deadline(spec: ClusterSpec, state: ClusterState): Instant {
  let at = state.lastTickAt + spec.heartbeatTimeoutMs / TICKS;
  for (const name of state.awaited) {
    const host = state.hosts.get(name);
    if (host !== undefined) at = Math.min(at, missedAt(spec, state, host));
  }
  return at;
}

/** Nothing is known but what the journal says; every host is asked, every confirmed off is asked again. */
function restore(
  spec: ClusterSpec,
  layout: Layout,
  epoch: number,
  saved: Saved,
  now: Instant,
): Step<ClusterState, HaCommand> {
  const hosts = new Map(
    [...spec.hosts].map(([name, host]) => [name, restoredHost(host, saved, now)]),
  );
  for (const name of formerHosts(spec, saved)) {
    hosts.set(name, restoredHost({ name, levels: [] }, saved, now));
  }
  const groups = new Map(
    [...spec.groups].map(([name, group]) => [name, restoredGroup(group, saved, now)]),
  );
  const groupsOn = new Map<HostName, GroupName[]>();
  for (const { name, known } of groups.values())
    for (const host of known.keys()) groupsOn.set(host, [...(groupsOn.get(host) ?? []), name]);
  const fences = saved.get('fences');
  const failedStops = new Map<HostName, number>();
  for (const { known } of groups.values()) {
    for (const [host, onHost] of known) {
      for (const one of onHost.values())
        if (one.doubt === 'stop-failed') failedStops.set(host, (failedStops.get(host) ?? 0) + 1);
    }
  }
  const state: ClusterState = {
    epoch,
    nextRequest: 1,
    lastStepAt: now,
    lastTickAt: now,
    listenSince: now,
    hosts: Table.of(hosts),
    groups: Table.of(groups),
    groupsOn,
    pending: Table.of([...hosts.keys()].map((name) => [name, new Map()])),
    checks: 0,
    failedStops,
    restsUntil: Table.of([...groups.keys()].map((name) => [name, -Infinity])),
    keepsUntil: Table.of([...groups.keys()].map((name) => [name, -Infinity])),
    awaited: [],
    fencing: [...hosts.values()].filter((host) => host.fence !== undefined).map(({ name }) => name),
    fences: Array.isArray(fences) ? pastInstants(fences, now) : [],
  };
  const draft = new Draft(spec, layout, state, now);
  for (const host of hosts.values()) {
    if (host.off?.confirmed === true) draft.hostIsOff(host.name, host.off.by);
    draft.touchedHosts.add(host.name);
  }
  for (const name of groups.keys()) draft.touchedGroups.add(name);
  draft.because('the manager has started');
  follow(draft);
  return draft.finish();
}
