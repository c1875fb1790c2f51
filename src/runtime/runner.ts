// SPDX-License-Identifier: Apache-2.0
/**
 * The whole imperative loop: one event in, one step, its commit, its commands; only then the next.
 *
 * What has arrived is read before the machine ticks, because a tick is when it judges silence:
 * after a stall of our own, the answers that wait in the sockets come first.
 */
import type { Instant, Machine, Saved, Step, Tick } from '../kernel/machine.ts';
import type { Clock } from './clock.ts';
import type { Mailbox } from './mailbox.ts';

/** After so many events in a row a tick that is due comes in between. */
const EVENTS_IN_A_ROW = 1_000;
/** And after so many, what else the process has to do: read its sockets, answer people. */
const EVENTS_IN_A_TURN = 256;

export type Cause<E> = E | Tick | { readonly type: 'restore' };

export type Ports<S, E, C> = {
  readonly clock: Clock;
  readonly inbox: Mailbox<E>;
  /** Returns once the step is on stable storage. What it throws is fatal: we stop rather than act. */
  readonly commit: (step: Step<S, C>, now: Instant) => void;
  /** Begins one command and returns. Never throws: a result, also a bad one, comes as an event. */
  readonly execute: (command: C) => void;
  /** Sees every step once it is committed: the log, the live view. */
  readonly observe: (step: Step<S, C>, cause: Cause<E>) => void;
};

export async function run<S, E, C>(
  machine: Machine<S, E, C>,
  saved: Saved,
  ports: Ports<S, E, C>,
  signal: AbortSignal,
): Promise<void> {
  const { clock, inbox } = ports;
  if (signal.aborted) return;
  let now = clock.now();
  let step = machine.restore(saved, now);
  let cause: Cause<E> = { type: 'restore' };
  let eventsInARow = 0;
  while (true) {
    // Durable before visible: a crash must never lose a state that we have acted upon.
    ports.commit(step, now);
    ports.observe(step, cause);
    for (const command of step.commands) ports.execute(command);

    const due = machine.deadline(step.state);
    await inbox.wait(due, clock, signal);
    const tickFirst = eventsInARow >= EVENTS_IN_A_ROW && due !== undefined && due <= clock.now();
    const isTurn = eventsInARow % EVENTS_IN_A_TURN === 0;
    if (inbox.size === 0 || tickFirst || isTurn) await clock.turn();
    if (signal.aborted) return;
    const event = tickFirst ? undefined : inbox.take();
    eventsInARow = event === undefined ? 0 : eventsInARow + 1;
    cause = event ?? { type: 'tick' };
    now = clock.now();
    step = machine.step(step.state, event ?? { type: 'tick' }, now);
  }
}
