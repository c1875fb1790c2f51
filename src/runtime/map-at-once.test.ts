// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { mapAtOnce } from './map-at-once.ts';

test('so many work at once and no more, and results keep the order of the things', async () => {
  let running = 0;
  let most = 0;
  const turnsOf = async (turns: number): Promise<string> => {
    most = Math.max(most, ++running);
    for (let left = turns; left > 0; left -= 1) await turn();
    running -= 1;
    return `after ${turns}`;
  };
  const results = await mapAtOnce([9, 1, 5, 0, 2], 2, turnsOf);
  assert.deepEqual(results, ['after 9', 'after 1', 'after 5', 'after 0', 'after 2']);
  assert.equal(most, 2);
  assert.deepEqual(await mapAtOnce([], 2, turnsOf), []);
});

test('the first failure is that of all', async () => {
  const work = async (item: number): Promise<number> => {
    await turn();
    if (item === 2) throw new Error('two');
    return item;
  };
  await assert.rejects(mapAtOnce([1, 2, 3], 2, work), /two/);
});
