// SPDX-License-Identifier: Apache-2.0
/**
 * The requests that this agent knows: whoever sends one again joins it or gets the outcome that it
 * had, and nothing is run twice. The oldest finished ones are forgotten.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Epoch, Operate, Operation, Outcome } from '../contract.ts';
import { RefusedError } from '../errors.ts';

export type Request = {
  readonly id: string;
  readonly operation: Operation;
  readonly resource: string;
  /** Which time-out holds. */
  readonly timeoutMs: Promise<number>;
  readonly outcome: Promise<Outcome>;
};

const FINISHED_MAX = 1_000;

export class Requests {
  readonly #requests = new Map<string, Request>();
  readonly #finished: string[] = [];
  /** The newest order of each resource. */
  readonly #newest = new Map<string, { readonly epoch: Epoch; readonly sequence: number }>();
  readonly #onForgotten: (id: string) => void;

  constructor(onForgotten: (id: string) => void) {
    this.#onForgotten = onForgotten;
  }

  find(order: Operate): Request | undefined {
    const known = this.#requests.get(order.request);
    if (known === undefined) return undefined;
    if (known.operation !== order.operation || known.resource !== order.resource.name) {
      throw new RefusedError(
        'bad-request',
        `Request ${JSON.stringify(order.request)} was for a ${known.operation} of ` +
          `${JSON.stringify(known.resource)}. Give each order a request of its own.`,
      );
    }
    return known;
  }

  /**
   * Why it comes too late, if it does: the network may deliver an order that the manager has given up,
   * after another one. What an earlier incarnation heard need not be kept: connections end with it.
   */
  overtaken({ epoch, resource, sequence }: Operate): string | undefined {
    if (sequence === undefined) return undefined;
    const newest = this.#newest.get(resource.name);
    const isSameManager = isDeepStrictEqual(newest?.epoch, epoch);
    if (newest !== undefined && isSameManager && sequence < newest.sequence) {
      return 'A newer order for this resource was here before it.';
    }
    this.#newest.set(resource.name, { epoch, sequence });
    return undefined;
  }

  add(name: string, request: Request): void {
    this.#requests.set(name, request);
  }

  /** Its outcome is known and all of its processes are gone: it may be forgotten one day. */
  finish(name: string): void {
    this.#finished.push(name);
    if (this.#finished.length <= FINISHED_MAX) return;
    const oldest = this.#finished.shift();
    const request = oldest === undefined ? undefined : this.#requests.get(oldest);
    if (oldest === undefined || request === undefined) return;
    this.#requests.delete(oldest);
    this.#onForgotten(request.id);
  }
}
