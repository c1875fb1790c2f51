// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Changes } from './changes.ts';

const LONG_MS = 60_000;

test('who has not seen the newest version is answered at once', async () => {
  const changes = new Changes();
  await changes.waitBeyond(0, LONG_MS);
  await changes.waitBeyond(changes.cursor - 1, LONG_MS);
});

test('a change ends the wait', async () => {
  const changes = new Changes();
  const before = changes.cursor;
  const waiting = changes.waitBeyond(before, LONG_MS);
  changes.raise();
  await waiting;
  assert.equal(changes.cursor, before + 1);
});

test('a newer wait ends an older one', async () => {
  const changes = new Changes();
  const older = changes.waitBeyond(changes.cursor, LONG_MS);
  const newer = changes.waitBeyond(changes.cursor, LONG_MS);
  await older;
  changes.raise();
  await newer;
});
