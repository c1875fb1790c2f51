// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Slots } from './slots.ts';

test('so many work at once and no more, even if some fail', async () => {
  const slots = new Slots(3);
  let working = 0;
  let most = 0;
  const work = async (): Promise<void> => {
    working += 1;
    most = Math.max(most, working);
    await new Promise((resolve) => setImmediate(resolve));
    working -= 1;
    throw new Error('as expected');
  };
  const all = await Promise.allSettled(Array.from({ length: 20 }, () => slots.use(work)));
  assert.equal(most, 3);
  assert.ok(all.every(({ status }) => status === 'rejected'));
});
