// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { durationMs, formatDuration, parseDuration, roughDuration } from './duration.ts';

test('a duration that was written is read as the same one', () => {
  fc.assert(
    fc.property(fc.nat(1_000_000_000), (ms) => {
      assert.equal(parseDuration(formatDuration(ms)), ms);
    }),
  );
});

test('each unit has its length', () => {
  const lengths = ['7ms', '7s', '7m', '7h', '7d'].map(parseDuration);
  assert.deepEqual(lengths, [7, 7_000, 420_000, 25_200_000, 604_800_000]);
});

test('nothing is guessed: no unit, no sign, no blank, no fraction, no other letter', () => {
  for (const text of [
    '',
    '10',
    's',
    '-1s',
    '+1s',
    '1 s',
    ' 1s',
    '1s ',
    '1.5s',
    '1e3s',
    '1S',
    '1w',
    '1m30s',
    '١s',
  ]) {
    assert.equal(parseDuration(text), undefined, text);
  }
  assert.equal(parseDuration('999999999999d'), undefined, 'longer than a year');
});

test('any text is a duration or none, and never throws', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const ms = parseDuration(text);
      assert.ok(ms === undefined || (Number.isSafeInteger(ms) && ms >= 0));
    }),
  );
});

test('bounds are kept, and named in the complaint', () => {
  const schema = durationMs('1s', '1h');
  assert.equal(schema.parse('1h'), 3_600_000);
  const result = schema.safeParse('999ms');
  assert.equal(
    result.error?.issues[0]?.message,
    '999ms is out of range: write a duration from 1s to 1h',
  );
});

test('people get two units at most', () => {
  const rough = [0, 950, 1_000, 61_500, 3_600_000, 3_661_000, 90_000_000, 86_400_000 + 5_000].map(
    roughDuration,
  );
  assert.deepEqual(rough, ['0ms', '950ms', '1s', '1m 1s', '1h', '1h 1m', '1d 1h', '1d']);
});
