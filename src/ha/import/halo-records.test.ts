// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseHaloState } from './halo-records.ts';

function mistakesIn(text: string): string[] {
  return parseHaloState(text).mistakes.map(({ line, text: what }) => `${line}: ${what}`);
}

test('a record is its four parts; further tabs belong to the comment, which may be empty', () => {
  const text =
    '2026-03-01T10:00:00.123456789\tunmanage\ttankA/ost0\tdisk\tswap\n' +
    '2026-03-01T10:00:01\tactivate\toss1\t\n' +
    '2026-03-01T10:00:02.5\treset\toss1\n';
  const { records, mistakes } = parseHaloState(text);
  assert.deepEqual(mistakes, []);
  assert.deepEqual(
    records.map(({ line, event, object, comment }) => [line, event, object, comment]),
    [
      [1, 'unmanage', 'tankA/ost0', 'disk\tswap'],
      [2, 'activate', 'oss1', ''],
      [3, 'reset', 'oss1', ''],
    ],
  );
  assert.equal(records[0]?.at, new Date(2026, 2, 1, 10, 0, 0, 123).getTime());
  assert.equal(records[2]?.order, '20260301100002500000000');
});

test('each line that is no record is told with its number', () => {
  const text = [
    '2026-03-01T10:00:00\tunmanage\tost0\tbecause',
    'of the disk',
    '',
    '2026-03-01 10:00:00\treset\toss1\t',
    '2026-02-30T10:00:00\treset\toss1\t',
    '2026-03-01T24:00:00\treset\toss1\t',
    '2026-03-01T10:00:00\tfailover\toss1\t',
    '2026-03-01T10:00:00\treset',
    '2026-03-01T10:00:00\treset\toss1\tcut',
  ].join('\n');
  const noTime =
    'does not begin with a time: join it to the record before if it is the rest of a comment, else remove it';
  assert.deepEqual(mistakesIn(text), [
    `2: ${noTime}`,
    `3: ${noTime}`,
    `4: ${noTime}`,
    `5: ${noTime}`,
    `6: ${noTime}`,
    '7: "failover" is no event: write manage, unmanage, activate, deactivate, fence, reset, clear',
    '8: names nothing that was told to reset: complete the line or remove it',
    '9: is cut off, without a line break: complete the line or remove it',
  ]);
});

test('an empty file has no records, and is no mistake', () => {
  assert.deepEqual(parseHaloState(''), { records: [], mistakes: [] });
});

test('hours that the clock skips or doubles are hours too, sorted as HALO sorts them', (t) => {
  const { TZ } = process.env;
  process.env['TZ'] = 'Europe/Berlin';
  t.after(() => {
    if (TZ === undefined) delete process.env['TZ'];
    else process.env['TZ'] = TZ;
  });
  const { records, mistakes } = parseHaloState(
    '2026-03-29T02:30:00\tfence\toss1\t\n2026-10-25T02:30:00\treset\toss1\t\n',
  );
  assert.deepEqual(mistakes, []);
  const times = records.map(({ at }) => new Date(at).toISOString());
  assert.deepEqual(times, ['2026-03-29T01:30:00.000Z', '2026-10-25T00:30:00.000Z']);
});

test('any text is records and mistakes, one for each line', () => {
  const piece = fc.constantFrom(
    '2026-03-01T10:00:00',
    '\t',
    'fence',
    'oss1',
    '\n',
    '\r',
    '\0',
    'ä',
  );
  fc.assert(
    fc.property(fc.array(piece), (pieces) => {
      const text = `${pieces.join('')}\n`;
      const { records, mistakes } = parseHaloState(text);
      assert.equal(records.length + mistakes.length, text.split('\n').length - 1);
    }),
  );
});
