// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  UNACQUAINTED,
  afterBeat,
  afterIdentity,
  afterWatch,
  beatOf,
  nextQuestion,
} from './poll-cursor.ts';

const beat = { boot: 'b1', incarnation: 'i1', cursor: 7, resources: [] };
const polling = afterWatch(afterIdentity('i1'));

test('an agent is asked who it is, given the watch list, and then polled for everything', () => {
  assert.deepEqual(nextQuestion(UNACQUAINTED), { type: 'identity' });
  assert.deepEqual(nextQuestion(afterIdentity('i1')), { type: 'watch' });
  assert.deepEqual(nextQuestion(polling), { type: 'poll', cursor: 0 });
});

test('the cursor moves by an answer, and a lost answer leaves the question as it was', () => {
  const before = afterBeat(polling, beat);
  assert.deepEqual(nextQuestion(before), { type: 'poll', cursor: 7 });
  assert.deepEqual(nextQuestion(before), { type: 'poll', cursor: 7 });
});

test('another incarnation is asked who it is and given the watch list again', () => {
  const restarted = afterBeat(polling, { ...beat, incarnation: 'i2' });
  assert.deepEqual(nextQuestion(restarted), { type: 'identity' });
  assert.deepEqual(nextQuestion(afterIdentity('i2')), { type: 'watch' });
});

test('a monitor counts from when it can have begun at the earliest', () => {
  const resources = [{ resource: 'disk0', exit: 7, begunMsAgo: 300, alive: [] }];
  assert.deepEqual(beatOf('oss1', 1_000, { ...beat, resources }), {
    type: 'beat',
    host: 'oss1',
    askedAt: 1_000,
    boot: 'b1',
    incarnation: 'i1',
    observations: [
      {
        resource: 'disk0',
        exit: 7,
        failure: undefined,
        askedAt: 700,
        alive: [],
        text: undefined,
      },
    ],
  });
});
