// SPDX-License-Identifier: Apache-2.0
/** Plays a storm that was drawn: each strike begins and ends at its moment, beside the operators' orders. */
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../../kernel/error.ts';
import { actOf } from './acts.ts';
import { isFaulty } from './log-judge.ts';
import { giveOrder } from './operators.ts';
import type { PlannedOrder, Storm, Strike } from './plan.ts';
import type { Stage } from './stage.ts';

export type StormOptions = {
  readonly stage: Stage;
  readonly aureole: readonly string[];
  readonly tell: (text: string) => void;
  /** Something struck, or an order was given: by which name it is counted. */
  readonly count: (kind: 'fault' | 'order', name: string) => void;
  readonly report: (violation: string) => void;
  readonly signal: AbortSignal;
};

/** What has not ended with it is mended by the calm. */
export async function playStorm(storm: Storm, options: StormOptions): Promise<void> {
  const over = AbortSignal.any([options.signal, AbortSignal.timeout(storm.forMs)]);
  await Promise.all([
    ...storm.strikes.map((strike) => playStrike(strike, options, over)),
    playOrders(storm.orders, options, over),
    waitMs(storm.forMs, over),
  ]);
}

async function playStrike(strike: Strike, options: StormOptions, over: AbortSignal): Promise<void> {
  const { fault, target, atMs, forMs } = strike;
  await waitMs(atMs, over);
  if (over.aborted) return;
  const act = actOf(fault);
  const name = `${fault} ${target}`;
  const { stage } = options;
  const begun = await attempt(name, options, () =>
    stage.alone(target, async () => act.begin(stage, target)),
  );
  if (!begun) return;
  options.tell(forMs > 0 ? `${name}, for ${(forMs / 1_000).toFixed(1)} s` : name);
  options.count('fault', fault);
  await waitMs(forMs, over);
  if (over.aborted || forMs === 0) return;
  const ended = await attempt(`end of ${name}`, options, () =>
    stage.alone(target, async () => act.end(stage, target)),
  );
  if (ended) options.tell(`${name} is over`);
}

/** A host that is off or dies at this moment can be neither frozen nor thawed: that is no failure of anybody. */
async function attempt(
  name: string,
  { tell }: StormOptions,
  act: () => Promise<void>,
): Promise<boolean> {
  try {
    await act();
    return true;
  } catch (error) {
    tell(`${name} is not possible now: ${messageOf(error).split('\n')[0]}`);
    return false;
  }
}

/** One after the other: there is one operator. */
async function playOrders(
  orders: readonly PlannedOrder[],
  options: StormOptions,
  over: AbortSignal,
): Promise<void> {
  const begun = performance.now();
  for (const order of orders) {
    await waitMs(order.atMs - (performance.now() - begun), over);
    if (over.aborted) return;
    const name = `${order.verb} ${order.target}${order.force ? ' --force' : ''}`;
    const given = await giveOrder(options.stage, options.aureole, order);
    options.tell(`${name}: ${given?.outcome ?? 'not given, the host is on'}`);
    if (given === undefined) continue;
    options.count('order', order.verb);
    if (given.text.split('\n').some(isFaulty)) options.report(`log: ${name} said ${given.text}`);
  }
}

async function waitMs(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(Math.max(0, ms), undefined, { signal }).catch(() => undefined);
}
