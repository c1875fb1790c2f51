// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exitText } from './exit-text.ts';

test('the last OCF reason goes before everything else', () => {
  const stderr = 'ocf-exit-reason:first\nocf-exit-reason: pool is busy \nlast words\n';
  assert.equal(exitText(1, stderr), 'pool is busy');
  assert.equal(exitText(0, stderr), 'pool is busy');
});

test('a failure without a reason is told by its last line, an ordinary answer not', () => {
  assert.equal(exitText(1, 'one\ntwo\n\n'), 'two');
  assert.equal(exitText(0, 'Nov 20 13:44:05 INFO: running\n'), '');
  assert.equal(exitText(7, 'Nov 20 13:44:05 INFO: stopped\n'), '');
  assert.equal(exitText(undefined, ''), '');
});

test('nothing in it can steer a terminal, and it is short', () => {
  assert.equal(exitText(1, 'a\u001b[2Jb\u202ec\u0007\r\n'), 'a [2Jb c');
  const long = exitText(1, '😀'.repeat(1_000));
  assert.equal(Array.from(long).length, 200);
  assert.ok(long.endsWith('…'));
});
