// SPDX-License-Identifier: Apache-2.0
/**
 * Operators' orders that wait for the core's answer: few at a time, none for ever. An order that is
 * not answered in time may still be carried out, and its caller is told so.
 */
import { randomUUID } from 'node:crypto';
import type { Mailbox } from '../../runtime/mailbox.ts';
import type { OrderAnswer, OrderRequest } from '../contract.ts';
import type { HaEvent } from '../core/messages.ts';
import type { Operator } from './operators.ts';

export type OrderLimits = { readonly waitingMax: number; readonly deadlineMs: number };

const LIMITS: OrderLimits = { waitingMax: 64, deadlineMs: 10_000 };

export class Orders {
  readonly #inbox: Mailbox<HaEvent>;
  readonly #limits: OrderLimits;
  readonly #waiting = new Map<string, (answer: OrderAnswer) => void>();

  constructor(inbox: Mailbox<HaEvent>, limits = LIMITS) {
    this.#inbox = inbox;
    this.#limits = limits;
  }

  /** `busy`: not given to the core. `late`: given, and not answered in time. */
  give(request: OrderRequest & Operator): Promise<OrderAnswer | 'busy' | 'late'> {
    if (this.#waiting.size >= this.#limits.waitingMax) return Promise.resolve('busy');
    const id = randomUUID();
    return new Promise((resolve) => {
      const finish = (answer: OrderAnswer | 'late'): void => {
        clearTimeout(timer);
        this.#waiting.delete(id);
        resolve(answer);
      };
      const timer = setTimeout(finish, this.#limits.deadlineMs, 'late').unref();
      this.#waiting.set(id, finish);
      void this.#inbox.put({ type: 'order', order: { id, ...request } });
    });
  }

  /** An answer that nobody waits for any more is dropped: its facts are in the journal. */
  answer({ id, outcome, text }: OrderAnswer): void {
    this.#waiting.get(id)?.({ id, outcome, text });
  }
}
