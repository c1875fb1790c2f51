// SPDX-License-Identifier: Apache-2.0
/** Waits until what orders have begun is over, so that a script may go on with what comes next. */
import type { HaApi } from '../client.ts';
import type { Verb } from '../core/messages.ts';

export type AwaitedOrder = { readonly verb: Verb; readonly target: string };

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

export function waitForOrders(
  _api: HaApi,
  orders: readonly AwaitedOrder[],
  _options: WaitOptions,
  _signal: AbortSignal,
): Promise<readonly WaitOutcome[]> {
  return Promise.resolve(
    orders.map(({ target }) => ({ target, outcome: 'unknown', text: 'not watched yet' })),
  );
}
