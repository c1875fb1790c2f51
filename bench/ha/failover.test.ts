// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { partsOf } from './failover.ts';
import type { Act } from './pacemaker/act-log.ts';

const AT = 1_000_000;

function act(action: string, begin: number, end: number, status = 0): Act {
  const resource = action === 'off' || action === 'status' ? 'fence' : `r${begin}`;
  return { resource, host: 'h2', action, status, beganAt: AT + begin, endedAt: AT + end };
}

const FENCE = [
  act('status', 500, 600),
  act('off', 900, 1_100),
  act('status', 1_110, 1_200, 2),
  act('status', 9_000, 9_100, 2),
];
const STARTS = [act('start', 1_220, 1_230), act('start', 1_240, 1_260), act('start', 1_250, 1_280)];

test('time-out, off with its proof, root and slowest dependent are not beyond', () => {
  const ahead = [act('monitor', 910, 960, 7)];
  const parts = partsOf(AT, { fence: FENCE, scripts: [...ahead, ...STARTS] });
  assert.deepEqual(parts, {
    detection: 900,
    fence: 290,
    chain: 10 + 30,
    whole: 1_280,
    beyond: 1_280 - 1_000 - 290 - 40,
  });
});

test('a probe after the fence is part of the chain, the slowest of them only', () => {
  const probes = [act('monitor', 1_202, 1_207, 7), act('monitor', 1_203, 1_215, 7)];
  const later = [act('monitor', 1_300, 1_900)];
  const scripts = [...probes, ...STARTS, ...later];
  assert.equal(partsOf(AT, { fence: FENCE, scripts }).chain, 12 + 10 + 30);
});

test('a takeover without an off is none', () => {
  assert.throws(() => partsOf(AT, { fence: FENCE.slice(0, 1), scripts: STARTS }), /no off/);
});
