// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Handshakes } from './handshakes.ts';

function enterMany(handshakes: Handshakes, count: number, begun: string[]): (() => void)[] {
  return Array.from({ length: count }, (_, index) =>
    handshakes.enter(() => void begun.push(`other ${index}`), false),
  );
}

test('so many handshakes begin, and each of the others when one is over', () => {
  const begun: string[] = [];
  const leave = enterMany(new Handshakes(), 34, begun);
  assert.equal(begun.length, 32);
  leave[0]?.();
  leave[0]?.();
  assert.deepEqual(begun.slice(32), ['other 32']);
});

test('a poll goes before all others that wait, and who has given up is not waited for', () => {
  const handshakes = new Handshakes();
  const begun: string[] = [];
  const leave = enterMany(handshakes, 34, begun);
  const leavePoll = handshakes.enter(() => void begun.push('given up'), true);
  handshakes.enter(() => void begun.push('poll'), true);
  leavePoll();
  leave[0]?.();
  assert.deepEqual(begun.slice(32), ['poll']);
});

test('hosts that stand still in their handshakes keep nobody else from one', async () => {
  const begun: string[] = [];
  const handshakes = new Handshakes();
  enterMany(handshakes, 32, begun);
  using _alive = { [Symbol.dispose]: keepAlive() };
  await new Promise<void>((resolve) => handshakes.enter(() => resolve(), false));
});

/** Turns do not keep a process alive. */
function keepAlive(): () => void {
  const timer = setInterval(() => {}, 1_000);
  return () => clearInterval(timer);
}
