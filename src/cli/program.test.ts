// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SECTIONS } from './program.ts';

test('the list of commands says of each what the command says itself', async () => {
  for (const { name, summary, load } of [...SECTIONS.values()].flat()) {
    const command = await load();
    assert.deepEqual([command.name(), command.description()], [name, summary]);
  }
});
