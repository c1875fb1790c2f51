// SPDX-License-Identifier: Apache-2.0
/**
 * What is known of one resource on one host, and what may change it.
 *
 * The rule: `stopped` only by evidence (the host's own fresh answer, a confirmed fence, an operator's
 * word). Nothing becomes stopped by waiting, and no doubt is forgotten but by what settles it.
 */
import type { Instant } from '../../kernel/machine.ts';
import type { Observation, Operation, OperationOutcome } from './messages.ts';

/** `monitor`, `start`, `stop`: the host's own answer. */
export type Source = 'monitor' | 'start' | 'stop' | 'fence' | 'operator';

export type Evidence = Readonly<{
  source: Source;
  /** When the question was sent. The answer proves nothing about the time after. */
  askedAt: Instant;
  boot?: string;
  incarnation?: string;
}>;

/**
 * Why a later "stopped" of a monitor is not enough.
 * failed: a monitor or start failed, it may be active: a stop must succeed.
 * unfinished: a start or stop ran out of time or out of sight: its script may still finish.
 * stop-failed: a stop failed or hung: only a fence, or an operator's cleanup, goes on from here.
 */
export type Doubt = 'failed' | 'unfinished' | 'stop-failed';

export type Known = Readonly<{
  status: 'running' | 'stopped' | 'unknown';
  /** When this status was taken in. */
  since: Instant;
  evidence: Evidence | undefined;
  doubt: Doubt | undefined;
  /** Only answers to questions sent after this instant may say `stopped`. */
  doubtedAt: Instant;
  /** The script says that the resource cannot run on this host. */
  cannotRun: boolean | undefined;
  /** It was seen running, or started, in this boot of the host. */
  ranHere: boolean | undefined;
  /** A monitor has looked since the doubt arose. */
  looked: boolean | undefined;
  /** A script of it has outlived its time-out. */
  overran: boolean | undefined;
  /** A stop could not be run since then, for instance since a start is alive; tried again at `retryAt`. */
  blockedSince: Instant | undefined;
  retryAt: Instant | undefined;
  /** A start or stop of it was alive when the host was heard last. */
  operating: boolean | undefined;
  /** By what we know it, or why we do not. */
  text: string;
}>;

/** Who answers: the host as it is now. */
export type Speaker = Readonly<{ boot: string; incarnation: string; doubtedAt: Instant }>;

/** How long a script that we know nothing of may keep a stop from running, and how often it is tried. */
const BLOCKED_MS = 600_000;
const RETRY_MS = 2_000;

const RUNNING = new Set([0, 8, 9, 190, 191]);
const STOPPED = 7;
const NOT_INSTALLED = 5;

/** The same members in the same order in each: what is read most is read fastest so. */
const UNKNOWN: Known = {
  status: 'unknown',
  since: 0,
  evidence: undefined,
  doubt: undefined,
  doubtedAt: 0,
  cannotRun: undefined,
  ranHere: undefined,
  looked: undefined,
  overran: undefined,
  blockedSince: undefined,
  retryAt: undefined,
  operating: undefined,
  text: '',
};

export function unknownSince(now: Instant, text: string): Known {
  return { ...UNKNOWN, since: now, doubtedAt: now, text };
}

/** Something happened that makes every earlier answer worthless. Doubts stay. */
export function doubted(known: Known, now: Instant, text: string): Known {
  if (known.status === 'unknown' && known.doubt !== undefined) {
    return { ...known, doubtedAt: now, looked: false };
  }
  return {
    ...known,
    status: 'unknown',
    since: now,
    evidence: undefined,
    doubtedAt: now,
    text,
  };
}

/** The boot is gone, and with it every script that ran in it. What runs now must be asked. */
export function afterNewBoot(now: Instant): Known {
  return unknownSince(now, 'the host was booted anew and has not been asked yet');
}

export function stoppedByFence(source: 'fence' | 'operator', now: Instant): Known {
  const text = source === 'fence' ? 'its host is off' : 'an operator says that its host is off';
  const evidence = { source, askedAt: now };
  return { ...UNKNOWN, status: 'stopped', since: now, evidence, doubtedAt: now, text };
}

/** Evidence does not keep: without a fresher monitor it is unknown. A fence holds until it is over. */
export function overdue(known: Known, overdueMs: number, now: Instant): Known {
  const freshAt = freshSince(known);
  if (freshAt === undefined || now - freshAt <= overdueMs) return known;
  return unsure(known, now, 'its monitor is overdue');
}

export function overdueAt(known: Known, overdueMs: number): Instant {
  return (freshSince(known) ?? Infinity) + overdueMs;
}

function freshSince({ evidence, doubtedAt }: Known): Instant | undefined {
  if (evidence === undefined || evidence.source === 'fence' || evidence.source === 'operator') {
    return undefined;
  }
  return Math.max(evidence.askedAt, doubtedAt);
}

/** A watched monitor, as a beat tells it. */
export function afterObservation(
  known: Known,
  seen: Observation,
  speaker: Speaker,
  overdueMs: number,
  now: Instant,
): Known {
  if (seen.alive.some((operation) => operation !== 'monitor')) {
    const text = `a ${seen.alive.join(' and a ')} of it is alive on the host`;
    return known.operating === true ? known : { ...unsure(known, now, text), operating: true };
  }
  // It has ended since the beat before: a monitor may have looked before its effect came.
  if (known.operating === true) return { ...known, operating: false, doubtedAt: now };
  if (known.evidence !== undefined && seen.askedAt < known.evidence.askedAt) return known;
  // Before it is looked at how old that is: one that has to be killed comes late by that.
  if (seen.failure === 'timed-out') return failed(known, seen.askedAt, now, 'monitor timed out');
  if (now - seen.askedAt > overdueMs) return unsure(known, now, 'its monitor is overdue');
  if (seen.failure === 'not-run')
    return unsure(known, now, seen.text ?? 'its monitor cannot be run');
  if (seen.exit === undefined) return known; // It has not ended yet: that says nothing.
  // Asked before what made us doubt: the answer is about a time that is over.
  if (seen.askedAt <= Math.max(known.doubtedAt, speaker.doubtedAt)) return known;
  return afterMonitor(known, seen.exit, seen.text ?? '', seen.askedAt, speaker, now);
}

/** An operation that we ordered has ended. `askedAt`: when the order was given. */
export function afterOperation(
  known: Known,
  operation: Operation,
  outcome: OperationOutcome,
  askedAt: Instant,
  speaker: Speaker,
  now: Instant,
): Known {
  switch (operation) {
    case 'monitor':
      return afterProbe(known, outcome, askedAt, speaker, now);
    case 'start':
      return afterStart(known, outcome, askedAt, speaker, now);
    case 'stop':
      return afterStop(known, outcome, askedAt, speaker, now);
  }
}

/** A start or stop was ordered: from here on only later answers count. */
export function ordered(known: Known, operation: 'start' | 'stop', now: Instant): Known {
  return {
    ...known,
    status: 'unknown',
    since: now,
    evidence: undefined,
    doubtedAt: now,
    cannotRun: undefined,
    // Until it is answered nobody knows how it ends, a manager that starts anew in between least of all.
    doubt: known.doubt ?? 'unfinished',
    ranHere: true,
    looked: false,
    text: `a ${operation} is under way`,
  };
}

function afterProbe(
  known: Known,
  outcome: OperationOutcome,
  askedAt: Instant,
  speaker: Speaker,
  now: Instant,
): Known {
  if (outcome.type === 'exited') {
    // Our own order goes out after the step that gave it: what made us doubt in that step was before.
    if (known.evidence !== undefined && askedAt < known.evidence.askedAt) return known;
    const sentAfter = askedAt >= Math.max(known.doubtedAt, speaker.doubtedAt);
    return sentAfter
      ? afterMonitor(known, outcome.code, outcome.text, askedAt, speaker, now)
      : known;
  }
  if (outcome.type === 'timed-out') return failed(known, askedAt, now, 'monitor timed out');
  if (outcome.type === 'cancelled') return known;
  return { ...unsure(known, now, outcome.text), retryAt: now + RETRY_MS };
}

function afterMonitor(
  known: Known,
  code: number,
  text: string,
  askedAt: Instant,
  speaker: Speaker,
  now: Instant,
): Known {
  const evidence = evidenceOf('monitor', askedAt, speaker);
  if (RUNNING.has(code)) {
    const doubt = known.doubt === 'failed' ? undefined : known.doubt;
    return become(known, 'running', evidence, doubt, now, 'its monitor says so');
  }
  const isSettled = known.doubt === undefined;
  if (code === STOPPED && isSettled) {
    return become(known, 'stopped', evidence, undefined, now, 'its monitor says so');
  }
  // A doubt is settled by a stop or a fence, not by a monitor.
  if (code === STOPPED) return { ...unsure(known, now, known.text), looked: true };
  const firstProbe = isSettled && known.ranHere !== true;
  if (code === NOT_INSTALLED && firstProbe) {
    const why = `cannot run here: ${text || 'what it needs is not installed'}`;
    return { ...become(known, 'stopped', evidence, undefined, now, why), cannotRun: true };
  }
  return failed(known, askedAt, now, `monitor failed (exit ${code}) ${text}`.trim());
}

function afterStart(
  known: Known,
  outcome: OperationOutcome,
  askedAt: Instant,
  speaker: Speaker,
  now: Instant,
): Known {
  switch (outcome.type) {
    case 'exited':
      if (outcome.code === 0) {
        const evidence = evidenceOf('start', askedAt, speaker);
        return settled(become(known, 'running', evidence, undefined, now, 'it was started'), now);
      }
      return inDoubt(known, 'failed', now, `start failed (exit ${outcome.code}) ${outcome.text}`);
    case 'timed-out':
      return {
        ...inDoubt(known, 'unfinished', now, `start timed out ${outcome.text}`),
        overran: outcome.alive,
      };
    case 'not-run':
      return inDoubt(known, 'failed', now, `start could not be run: ${outcome.text}`);
    case 'cancelled':
      return inDoubt(known, 'unfinished', now, 'start was cancelled');
    case 'lost':
    case 'unreachable':
      return inDoubt(known, 'unfinished', now, `start: ${outcome.text}`);
  }
}

function afterStop(
  known: Known,
  outcome: OperationOutcome,
  askedAt: Instant,
  speaker: Speaker,
  now: Instant,
): Known {
  switch (outcome.type) {
    case 'exited':
      if (outcome.code === 0) {
        const evidence = evidenceOf('stop', askedAt, speaker);
        return settled(become(known, 'stopped', evidence, undefined, now, 'it was stopped'), now);
      }
      return inDoubt(
        known,
        'stop-failed',
        now,
        `stop failed (exit ${outcome.code}) ${outcome.text}`,
      );
    case 'timed-out':
      return inDoubt(known, 'stop-failed', now, `stop timed out ${outcome.text}`);
    case 'not-run':
      return blocked(known, now, `stop could not be run: ${outcome.text}`);
    case 'cancelled':
      return inDoubt(known, 'unfinished', now, 'stop was cancelled');
    case 'lost':
    case 'unreachable':
      return inDoubt(known, 'unfinished', now, `stop: ${outcome.text}`);
  }
}

function failed(known: Known, askedAt: Instant, now: Instant, text: string): Known {
  if (askedAt < known.doubtedAt) return known;
  // The first reason says most.
  if (known.doubt !== undefined) return { ...unsure(known, now, known.text), looked: true };
  return inDoubt(known, 'failed', now, text);
}

/** What keeps a stop from running may end. If it does not in time, the stop has hung. */
function blocked(known: Known, now: Instant, text: string): Known {
  if (known.overran === true) return inDoubt(known, 'stop-failed', now, text);
  const blockedSince = known.blockedSince ?? now;
  if (now - blockedSince >= BLOCKED_MS) return inDoubt(known, 'stop-failed', now, text);
  const doubtful = { ...inDoubt(known, 'unfinished', now, text), blockedSince };
  return { ...doubtful, retryAt: now + RETRY_MS };
}

function inDoubt(known: Known, doubt: Doubt, now: Instant, text: string): Known {
  return {
    ...known,
    status: 'unknown',
    since: now,
    evidence: undefined,
    doubt,
    doubtedAt: now,
    cannotRun: undefined,
    text: text.trim(),
  };
}

/** Not known now; nothing happened that makes a later answer worth less. */
function unsure(known: Known, now: Instant, text: string): Known {
  if (known.status === 'unknown') return known.text === text ? known : { ...known, text };
  return { ...known, status: 'unknown', since: now, evidence: undefined, text };
}

function become(
  known: Known,
  status: 'running' | 'stopped',
  evidence: Evidence,
  doubt: Doubt | undefined,
  now: Instant,
  text: string,
): Known {
  const since = known.status === status ? known.since : now;
  const ranHere = status === 'running' || known.ranHere === true;
  const { doubtedAt } = known;
  const why = doubt === undefined ? text : known.text;
  return { ...UNKNOWN, status, since, evidence, doubt, doubtedAt, ranHere, text: why };
}

/** A monitor begun before the end of an operation may have looked before its effect. */
function settled(known: Known, now: Instant): Known {
  return { ...known, doubtedAt: now };
}

function evidenceOf(source: Source, askedAt: Instant, speaker: Speaker): Evidence {
  return { source, askedAt, boot: speaker.boot, incarnation: speaker.incarnation };
}
