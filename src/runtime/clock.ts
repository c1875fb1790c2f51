// SPDX-License-Identifier: Apache-2.0
/**
 * The one clock of a shell: wall-clock time at the start, carried on by the monotonic clock. A step
 * of the wall clock (NTP, an administrator) neither makes a host silent nor hides its silence.
 */
import type { Instant } from '../kernel/machine.ts';

export interface Clock {
  now(): Instant;
  /** Calls at the instant; what comes back calls it off. */
  wakeAt(at: Instant, wake: () => void): () => void;
  /** Resolves at the instant or when the signal says so, whichever comes first. */
  sleepUntil(at: Instant, signal: AbortSignal): Promise<void>;
  /** Lets the process read what has arrived on its sockets meanwhile. */
  turn(): Promise<void>;
}

/** The longest wait that a timer of Node keeps; a longer one would fire at once. */
const LONGEST_TIMER_MS = 2_147_483_647;

export function systemClock(): Clock {
  const startedAt = Date.now() - performance.now();
  const now = (): Instant => startedAt + performance.now();
  const wakeAt = (at: Instant, wake: () => void): (() => void) => {
    const timer = setTimeout(wake, Math.min(Math.max(0, at - now()), LONGEST_TIMER_MS));
    return () => clearTimeout(timer);
  };
  return {
    now,
    wakeAt,
    sleepUntil: (at, signal) =>
      at <= now() ? Promise.resolve() : sleep((wake) => wakeAt(at, wake), signal),
    turn: () => new Promise((resolve) => setImmediate(resolve)),
  };
}

/** Resolves early, never rejects, when the signal says so. */
function sleep(setAlarm: (wake: () => void) => () => void, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const end = (): void => {
      callOff();
      signal.removeEventListener('abort', end);
      resolve();
    };
    const callOff = setAlarm(end);
    signal.addEventListener('abort', end);
  });
}
