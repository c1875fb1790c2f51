// SPDX-License-Identifier: Apache-2.0
/**
 * Where events wait for the runner, in the order of their arrival; urgent ones before all others.
 * Producers bound themselves by awaiting `put` before they ask for more; a mailbox that fills up all
 * the same is a bug, and dropping an event silently would be a worse one.
 */
import type { Instant } from '../kernel/machine.ts';
import type { Clock } from './clock.ts';

type Letter<E> = { readonly event: E; readonly taken: () => void };

export class Mailbox<E> {
  readonly #urgent: Letter<E>[] = [];
  readonly #others: Letter<E>[] = [];
  readonly #limit: number;
  #arrived: () => void = () => {};

  constructor(limit = 10_000) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#urgent.length + this.#others.length;
  }

  /** Resolves once the runner has taken the event in. */
  put(event: E): Promise<void> {
    return this.#put(this.#others, event);
  }

  /** The same, for news that must not wait behind a crowd of others. */
  putUrgent(event: E): Promise<void> {
    return this.#put(this.#urgent, event);
  }

  #put(letters: Letter<E>[], event: E): Promise<void> {
    if (this.size >= this.#limit)
      throw new Error(`mailbox: ${this.#limit} events wait and nobody takes them`);
    return new Promise((resolve) => {
      letters.push({ event, taken: resolve });
      this.#arrived();
    });
  }

  /** The next event, if there is one. */
  take(): E | undefined {
    const letter = this.#urgent.shift() ?? this.#others.shift();
    letter?.taken();
    return letter?.event;
  }

  /** Resolves when an event is there, at the instant `until`, or when the signal says so. */
  wait(until: Instant | undefined, clock: Clock, signal: AbortSignal): Promise<void> {
    if (this.size > 0 || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = (): void => {
        callOff();
        signal.removeEventListener('abort', wake);
        this.#arrived = () => {};
        resolve();
      };
      const callOff = clock.wakeAt(until ?? Number.POSITIVE_INFINITY, wake);
      signal.addEventListener('abort', wake);
      this.#arrived = wake;
    });
  }
}
