// SPDX-License-Identifier: Apache-2.0
/**
 * One fence, from its intent to the proof. Off is believed when every device of a level was told off,
 * each then said off, and no other host vanished with it: every host that was heard when off was told
 * has answered again since, in the same boot. That catches a device that is wired to another host.
 */
import { doubted } from './knowledge.ts';
import { changeDevice, askPower, usableLevels, distrust, offIsOver } from './devices.ts';
import type { Draft } from './draft.ts';
import type { Order, PowerOutcome } from './messages.ts';
import type { DeviceName, HostName } from './spec.ts';
import type { Fence, FenceCause, HostState, Off, OrderedCause } from './state.ts';
import { heardAt, isLost, lives, whyWait, witnessesOf } from './witnesses.ts';

/** What a device has answered, in words. */
const WORDS = {
  done: 'was told',
  off: 'says off',
  on: 'says on',
  failed: 'failed',
  unknown: 'gives no answer',
} as const;

export function beginFence(
  draft: Draft,
  name: HostName,
  cause: FenceCause,
  text: string,
  by?: Pick<Order, 'operator' | 'force'>,
): void {
  const operator = by?.operator;
  const host = draft.host(name);
  const level = usableLevels(draft, host, isOrdered(cause) ? 'operator' : 'manager')[0] ?? 0;
  const fence: Fence = {
    cause,
    text,
    since: draft.now,
    phase: 'off',
    level,
    round: 0,
    answers: new Map(),
    witnesses: witnessesOf(draft, name, { cause, since: draft.now }),
    answering: host.contact.status !== 'silent',
    ...(operator === undefined ? {} : { operator }),
    ...(host.boot === undefined ? {} : { boot: host.boot }),
  };
  draft.setHost({ ...host, fence, notFenced: undefined, toldGates: undefined });
  draft.fact({
    name: 'ha.fence.begun',
    severity: operator === undefined ? 'alarm' : 'warning',
    host: name,
    text,
    ...(operator === undefined ? {} : { operator }),
  });
  draft.because(`fence ${name}: ${text}`);
  const heldBy = whyWait(draft, name, by?.force === false);
  if (heldBy === undefined) return tell(draft, name, 'off');
  const waits = { phase: 'pause', round: -1, againAt: draft.now, heldBy } as const;
  setFence(draft, name, { ...fence, ...waits, witnesses: new Map() });
}

/** By an operator: unproven devices will do, and its reason is never over by itself. */
export function isOrdered(cause: FenceCause): cause is OrderedCause {
  return cause === 'operator' || cause === 'power-off';
}

/** A device has answered within a fence. */
export function afterFenceAnswer(
  draft: Draft,
  name: HostName,
  device: DeviceName,
  asked: 'off' | 'status' | 'on',
  outcome: PowerOutcome,
  text: string,
): void {
  const host = draft.host(name);
  const { fence } = host;
  const state = host.devices.get(device);
  if (fence === undefined || state === undefined) return;
  const expected = fence.phase === 'off' ? 'off' : 'status';
  if (asked !== expected || !['recall', 'off', 'status'].includes(fence.phase)) return;
  if (outcome === 'on') offIsOver(draft, name, `fence device ${device} says on`);
  if (outcome === 'on' || outcome === 'off') {
    changeDevice(draft, name, device, { ...state, power: outcome, saidAt: draft.now });
  }
  if ((outcome === 'failed' || outcome === 'unknown') && fence.round === 0) {
    const words = `${asked} by ${device}: ${outcome}: ${text}`;
    draft.fact({ name: 'ha.fence.trouble', severity: 'warning', host: name, text: words });
  }
  const answers = new Map(fence.answers).set(device, outcome);
  setFence(draft, name, { ...fence, answers });
  const devices = draft.hostSpec(name).levels[fence.level] ?? [];
  if (devices.every((one) => answers.has(one))) whenAllAnswered(draft, name);
}

/** What is due by time, and what the answers of other hosts have settled. */
export function continueFence(draft: Draft, name: HostName): void {
  const host = draft.host(name);
  const { fence, contact } = host;
  if (fence === undefined || draft.state.superseded !== undefined) return;
  if (fence.phase === 'recall' && name === draft.spec.managerHost) {
    return endFence(draft, name, 'the manager runs on it, so it was not carried out');
  }
  if (draft.spec.mode === 'observe' && fence.cause !== 'power-off') {
    return hold(
      draft,
      name,
      'the manager only observes: it does not carry through the fence that was begun',
    );
  }
  if (fence.phase === 'recall' && contact.status !== 'online') {
    const listened = draft.now - draft.state.listenSince >= draft.spec.heartbeatTimeoutMs;
    if (fence.answers.size === 0 && !isAsked(draft, name)) tell(draft, name, 'status');
    else if (listened) nextRound(draft, name, 'is carried through');
  }
  if (fence.phase === 'pause' && (fence.againAt ?? 0) <= draft.now) {
    nextRound(draft, name, 'tries its devices again');
  }
}

/** Believes what may be believed of the fences that wait for the other hosts. */
export function settleFences(draft: Draft): void {
  for (const name of draft.state.fencing) {
    if (draft.host(name).fence?.saidOffAt === undefined) continue;
    const lost = missingWitness(draft, name);
    if (lost === undefined) believe(draft, name);
    else holdForWitness(draft, name, lost);
  }
}

/** The host is off: by its devices, or by an operator's word. */
export function confirmOff(draft: Draft, name: HostName, by: Off['by'], text: string): void {
  const host = draft.host(name);
  const { fence } = host;
  const devices =
    fence === undefined || by === 'operator'
      ? []
      : (draft.hostSpec(name).levels[fence.level] ?? []);
  const boot = fence?.boot ?? host.boot;
  const isSwitched = fence?.cause === 'power-off';
  draft.setHost({
    ...host,
    contact: { status: 'silent', since: draft.now, heardAt: heardAt(host.contact) },
    off: {
      at: fence?.saidOffAt ?? draft.now,
      by,
      devices,
      confirmed: true,
      ...(boot === undefined ? {} : { boot }),
    },
    fence: undefined,
    inquiry: undefined,
    notFenced: undefined,
    toldGates: undefined,
    // Nothing was wrong with a host that was switched off: nobody has to look before it may be fenced.
    switched: isSwitched ? 'off' : undefined,
    fencedAt: isSwitched || fence === undefined ? host.fencedAt : draft.now,
  });
  draft.forget(name, (pending) => pending.type === 'power');
  draft.hostIsOff(name, by);
  draft.fact({ name: 'ha.host.off', severity: 'warning', host: name, text });
  draft.because(`${name} is off: ${text}`);
  for (const other of draft.state.hosts.keys()) draft.touchedHosts.add(other);
}

/** The fence ends without an off: its reason is gone. */
export function endFence(draft: Draft, name: HostName, why: string): void {
  const host = draft.host(name);
  if (host.fence === undefined) return;
  draft.setHost({ ...host, fence: undefined });
  draft.forget(name, (pending) => pending.type === 'power');
  draft.fact({ name: 'ha.fence.ended', severity: 'warning', host: name, text: why });
  draft.because(`the fence of ${name} ends: ${why}`);
  draft.touchedHosts.add(name);
}

/** A beat of a host whose fence is under way. */
export function beatWhileFencing(
  draft: Draft,
  host: HostState,
  boot: string,
  askedAt: number,
): void {
  const { fence, name } = host;
  if (fence === undefined) return;
  if (fence.saidOffAt !== undefined) {
    if (askedAt < fence.saidOffAt) return;
    if (boot === fence.boot) {
      distrust(draft, name, draft.hostSpec(name).levels[fence.level] ?? []);
      endFence(draft, name, 'it answers although its fence devices say off');
      draft.changeKnown(name, (known) => doubted(known, draft.now, 'the host lives after all'));
    } else endFence(draft, name, 'it was booted anew, so what ran before is gone');
    return;
  }
  if (isOrdered(fence.cause) || fence.cause === 'stop-failed') {
    if (fence.phase === 'recall' && boot === fence.boot)
      nextRound(draft, name, 'is carried through');
    else if (fence.boot !== boot) endFence(draft, name, 'it was booted anew');
    return;
  }
  // Once off was told it may happen at any moment: the fence goes on, whatever the host says.
  const told = fence.phase === 'off' || fence.phase === 'status';
  if (!told) endFence(draft, name, 'the host answers again');
}

function whenAllAnswered(draft: Draft, name: HostName): void {
  const { fence, boot, contact } = draft.host(name);
  if (fence === undefined) return;
  const answers = [...fence.answers.values()];
  const all = (...wanted: string[]): boolean => answers.every((answer) => wanted.includes(answer));
  switch (fence.phase) {
    case 'recall':
      if (all('off')) nextRound(draft, name, 'is carried through');
      return;
    case 'off':
      // A device that ran out of time was told all the same: its status decides.
      if (!all('done', 'off', 'unknown')) return nextLevel(draft, name);
      setFence(draft, name, { ...fence, phase: 'status', answers: new Map() });
      return tell(draft, name, 'status');
    case 'status':
      if (!all('off')) return nextLevel(draft, name);
      setFence(draft, name, {
        ...withoutHold(fence),
        phase: 'settle',
        saidOffAt: draft.now,
        answering: fence.answering || contact.status !== 'silent',
        ...(boot === undefined ? {} : { boot }),
      });
      for (const other of [name, ...fence.witnesses.keys()]) {
        if (draft.host(other).off === undefined) draft.order({ type: 'ask', host: other });
      }
      return;
    case 'settle':
    case 'held':
    case 'pause':
      return;
  }
}

function nextLevel(draft: Draft, name: HostName): void {
  const host = draft.host(name);
  const { fence } = host;
  if (fence === undefined) return;
  const levels = usableLevels(draft, host, isOrdered(fence.cause) ? 'operator' : 'manager');
  const level = levels.find((one) => one > fence.level);
  const acknowledged = [...fence.answers.values()].some((answer) => answer !== 'failed');
  const isBack = host.contact.status === 'online' && !acknowledged;
  if (isBack && (fence.cause === 'silence' || fence.cause === 'agent')) {
    return endFence(draft, name, 'the host answers again, and no device has taken the order');
  }
  if (level !== undefined) {
    setFence(draft, name, { ...fence, phase: 'off', level, answers: new Map() });
    tell(draft, name, 'off');
    return;
  }
  const said = [...fence.answers]
    .map(([device, answer]) => `${device} ${WORDS[answer]}`)
    .join(', ');
  const heldBy = `its fence devices have not all said off (${said}): tried again; if it has no power say \`aureole fence ${name} --confirm-off\``;
  const againAt = draft.now + draft.spec.fencing.retryMs;
  setFence(draft, name, { ...fence, phase: 'pause', answers: new Map(), againAt, heldBy });
  if (fence.round > 0) return;
  draft.fact({ name: 'ha.fence.failed', severity: 'alarm', host: name, text: heldBy });
}

function nextRound(draft: Draft, name: HostName, why: string): void {
  const host = draft.host(name);
  const { fence } = host;
  if (fence === undefined) return;
  const isRecall = fence.phase === 'recall';
  if (isRecall) {
    const text = `the fence that was begun before the manager started is carried through: ${fence.text}`;
    draft.fact({ name: 'ha.fence.resumed', severity: 'warning', host: name, text });
  }
  const wait = whyWait(draft, name, isOrdered(fence.cause) && (isRecall || fence.round < 0));
  if (wait !== undefined) {
    if (fence.phase === 'pause' && fence.heldBy === wait) return;
    const round = isRecall ? -1 : fence.round;
    return setFence(draft, name, {
      ...fence,
      phase: 'pause',
      round,
      againAt: draft.now,
      heldBy: wait,
    });
  }
  const by = isOrdered(fence.cause) ? 'operator' : 'manager';
  const level = usableLevels(draft, host, by)[0];
  const { againAt: _, ...rest } = fence;
  if (level === undefined) {
    const againAt = draft.now + draft.spec.fencing.retryMs;
    const heldBy = `no level of its fence devices can be believed; if it has no power say \`aureole fence ${name} --confirm-off\``;
    setFence(draft, name, { ...rest, phase: 'pause', againAt, heldBy });
    return;
  }
  const boot = host.boot ?? fence.boot;
  setFence(draft, name, {
    ...rest,
    phase: 'off',
    level,
    round: fence.round + 1,
    answers: new Map(),
    witnesses: new Map([...fence.witnesses, ...witnessesOf(draft, name, fence)]),
    answering: host.contact.status !== 'silent',
    ...(boot === undefined ? {} : { boot }),
  });
  draft.because(`the fence of ${name} ${why}`);
  tell(draft, name, 'off');
}

function tell(draft: Draft, name: HostName, action: 'off' | 'status'): void {
  const { fence } = draft.host(name);
  if (fence === undefined || draft.state.superseded !== undefined) return;
  draft.forget(name, (pending) => pending.type === 'power');
  for (const device of draft.hostSpec(name).levels[fence.level] ?? []) {
    askPower(draft, name, device, action, fence.text, fence.since);
  }
}

function withoutHold(fence: Fence): Fence {
  const { heldBy: _, ...rest } = fence;
  return rest;
}

function isAsked(draft: Draft, name: HostName): boolean {
  for (const pending of draft.pendingOn(name).values()) if (pending.type === 'power') return true;
  return false;
}

/** A host that answered when off was told and is not heard of since. */
function missingWitness(draft: Draft, name: HostName): HostName | undefined {
  const { fence } = draft.host(name);
  if (fence === undefined) return undefined;
  for (const [other, boot] of fence.witnesses) {
    const witness = draft.state.hosts.get(other);
    if (witness === undefined) continue;
    if (!lives(witness, boot, fence)) return other;
  }
  return undefined;
}

function believe(draft: Draft, name: HostName): void {
  const { fence, devices } = draft.host(name);
  if (fence === undefined) return;
  // It was asked once more when its devices said off. One that lives would have answered by now.
  const saidOffAt = fence.saidOffAt ?? draft.now;
  if (draft.host(name).aliveAt >= saidOffAt) {
    return hold(
      draft,
      name,
      `its kernel answers although its fence devices say off: look, and if it has no power say \`aureole fence ${name} --confirm-off --force\``,
    );
  }
  // What it has said in a gap of ours may still lie unread; a tick comes only after that.
  const quietMs = draft.isTick ? draft.now - Math.max(saidOffAt, draft.state.listenSince) : 0;
  if (fence.answering && quietMs < draft.spec.heartbeatTimeoutMs / 2) return;
  const level = draft.hostSpec(name).levels[fence.level] ?? [];
  const unproven = level.find((device) => devices.get(device)?.trust !== 'proven');
  if (unproven === undefined) {
    const text = fence.cause === 'power-off' ? fence.text : `fenced: ${fence.text}`;
    return confirmOff(draft, name, 'fence', text);
  }
  hold(
    draft,
    name,
    `${unproven} says off but is not proven: look, and if ${name} has no power say \`aureole fence ${name} --confirm-off\``,
  );
}

function holdForWitness(draft: Draft, name: HostName, lost: HostName): void {
  const { fence } = draft.host(name);
  if (fence === undefined) return;
  const boot = fence.witnesses.get(lost) ?? '';
  if (!isLost(draft.host(lost), boot, fence)) return; // It was asked and may answer at any moment.
  hold(
    draft,
    name,
    `${lost} has not answered since ${name} was fenced: is the fence device of ${name} wired to ${lost}? Look, and if ${name} has no power say \`aureole fence ${name} --confirm-off\``,
  );
}

function hold(draft: Draft, name: HostName, heldBy: string): void {
  const { fence } = draft.host(name);
  if (fence === undefined || (fence.phase === 'held' && fence.heldBy === heldBy)) return;
  setFence(draft, name, { ...fence, phase: 'held', heldBy });
  draft.fact({ name: 'ha.fence.held', severity: 'alarm', host: name, text: heldBy });
  draft.because(`the fence of ${name} is held`);
}

function setFence(draft: Draft, name: HostName, fence: Fence): void {
  draft.setHost({ ...draft.host(name), fence });
  draft.touchedHosts.add(name);
}
