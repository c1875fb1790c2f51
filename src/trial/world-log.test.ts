// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OverlapJudge, parseWorldLog } from './world-log.ts';

function complaints(...lines: readonly string[]): readonly string[] {
  const judge = new OverlapJudge();
  return parseWorldLog(lines.map((line, i) => `${i} ${line}`)).flatMap((l) => judge.see(l) ?? []);
}

test('a start after the other host has stopped, or is off, is no overlap', () => {
  assert.deepEqual(complaints('r a start', 'r a started', 'r a stopped', 'r b start'), []);
  assert.deepEqual(complaints('r a start', '- a off', 'r b start', 'r b started'), []);
});

test('a start that begins before the other host has stopped is one', () => {
  const text = 'r: start on b at 3 while it may run on a';
  assert.deepEqual(complaints('r a start', 'r a started', 'r a stop', 'r b start'), [text]);
});

test('a start that failed leaves the resource where it may be', () => {
  assert.equal(complaints('r a start', 'r b start').length, 1);
});

test('a start that ends after its stop holds the resource again', () => {
  const late = ['r a start', 'r a stopped', 'r a started', 'r b start'];
  assert.deepEqual(complaints(...late), ['r: start on b at 3 while it may run on a']);
});

test('other resources and other hosts have nothing to do with it', () => {
  assert.deepEqual(complaints('r a start', 's b start', '- b off', 't a start'), []);
  assert.equal(complaints('r a start', '- b off', 'r b start').length, 1);
});

test('what is no line of the log is an error', () => {
  for (const line of ['x r a start', '1 r a', '1 r a begun', '1 r a start 2', '']) {
    assert.throws(() => parseWorldLog([line]), /not a line/);
  }
});
