// SPDX-License-Identifier: Apache-2.0
/**
 * Waits until what orders have begun is over, so that a script may go on with what comes next. The
 * status is the truth; events are told as they come. A manager that restarts meanwhile is asked again.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../../kernel/error.ts';
import type { HaApi } from '../client.ts';
import type { EventView, Status } from '../contract.ts';
import { settled, type AwaitedOrder } from './settled.ts';

export type WaitOutcome = {
  readonly target: string;
  readonly outcome: 'done' | 'failed' | 'unknown';
  /** What came of it; of `unknown`, what is still missing. */
  readonly text: string;
};

export type WaitOptions = {
  readonly timeoutMs: number;
  readonly onProgress: (text: string) => void;
};

const RETRY_MS = 1_000;
/** The longest timer of Node; a longer one would fire at once. */
const TIMEOUT_MAX_MS = 2_147_483_647;

/** One outcome for each order, in their order. When the time is over, or the signal says so, the rest is unknown. */
export async function waitForOrders(
  api: HaApi,
  orders: readonly AwaitedOrder[],
  { timeoutMs, onProgress }: WaitOptions,
  signal: AbortSignal,
): Promise<readonly WaitOutcome[]> {
  const whole = AbortSignal.any([signal, AbortSignal.timeout(Math.min(timeoutMs, TIMEOUT_MAX_MS))]);
  const watch = new Watch(orders, onProgress);
  let trouble: string | undefined;
  while (!whole.aborted && !watch.isOver) {
    try {
      watch.take(await api.status(whole));
      if (watch.isOver) break;
      trouble = undefined;
      for await (const message of api.stream(whole)) {
        if (message.type === 'event') watch.tell(message.event);
        else watch.take(message.status);
        if (watch.isOver) break;
      }
    } catch (error) {
      if (whole.aborted) break;
      const text = messageOf(error);
      if (text !== trouble) onProgress(`${text}; trying again`);
      trouble = text;
    }
    if (!watch.isOver) await sleep(RETRY_MS, undefined, { signal: whole }).catch(() => {});
  }
  return watch.outcomes(signal.aborted ? 'interrupted' : `not over after ${timeoutMs / 1_000} s`);
}

class Watch {
  readonly #orders: readonly AwaitedOrder[];
  readonly #onProgress: (text: string) => void;
  /** What is over stays over, whatever happens to it later. */
  readonly #ended = new Map<AwaitedOrder, WaitOutcome>();
  readonly #missing = new Map<AwaitedOrder, string>();
  readonly #stays = new Map<string, string>();
  /** Hosts and groups of which something is told. */
  readonly #about = new Set<string>();
  #newest = 0;

  constructor(orders: readonly AwaitedOrder[], onProgress: (text: string) => void) {
    this.#orders = orders;
    this.#onProgress = onProgress;
    for (const { target } of orders) this.#about.add(target);
  }

  get isOver(): boolean {
    return this.#ended.size === this.#orders.length;
  }

  take(status: Status): void {
    for (const order of this.#orders) {
      if (this.#ended.has(order)) continue;
      const { target } = order;
      for (const { name, homeHost, failoverHosts } of status.groups)
        if (homeHost === target || failoverHosts.includes(target)) this.#about.add(name);
      const { state, text } = settled(status, order, this.#stays);
      if (state === 'waiting') this.#missing.set(order, text);
      else this.#ended.set(order, { target, outcome: state, text });
    }
  }

  tell({ id, name, host, group, resource, text }: EventView): void {
    const isOurs = [host, group].some((one) => one !== undefined && this.#about.has(one));
    if (!isOurs || id <= this.#newest) return;
    this.#newest = id;
    if (name === 'ha.group.not-moved' && group !== undefined) this.#stays.set(group, text);
    const what = resource ?? group;
    const where = what === undefined ? host : host === undefined ? what : `${what} on ${host}`;
    this.#onProgress(`${where ?? ''}: ${text}`);
  }

  outcomes(whyOpen: string): WaitOutcome[] {
    return this.#orders.map((order) => {
      const { target } = order;
      const missing = this.#missing.get(order) ?? `nothing was heard of ${target}`;
      return (
        this.#ended.get(order) ?? { target, outcome: 'unknown', text: `${whyOpen}: ${missing}` }
      );
    });
  }
}
