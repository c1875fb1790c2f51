// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { giveBackMemory } from './give-back.ts';

/** In kB, of files that are mapped. */
function mappedKb(): number {
  const status = readFileSync('/proc/self/status', 'latin1');
  return Number(/^RssFile:\s+(\d+) kB$/m.exec(status)?.[1]);
}

test('most of the executable leaves our memory, and what is used of it comes back', async () => {
  const before = mappedKb();
  await giveBackMemory();
  const after = mappedKb();
  assert.ok(after < 0.7 * before, `${before} kB before, ${after} kB after`);
  assert.deepEqual(structuredClone(new Map([['still', 'here']])), new Map([['still', 'here']]));
  await giveBackMemory();
});
