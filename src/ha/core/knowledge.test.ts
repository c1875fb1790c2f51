// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  afterNewBoot,
  afterObservation,
  afterOperation,
  doubted,
  ordered,
  unknownSince,
  type Known,
} from './knowledge.ts';
import type { Observation, OperationOutcome } from './messages.ts';

const SPEAKER = { boot: 'boot1', incarnation: 'agent1', doubtedAt: 0 };
const FRESH = unknownSince(0, 'not asked yet');
const OVERDUE_MS = 30_000;

function observe(known: Known, seen: Partial<Observation>, now = 20): Known {
  const observation = { resource: 'r', askedAt: 10, alive: [], ...seen };
  return afterObservation(known, observation, SPEAKER, OVERDUE_MS, now);
}

function stop(known: Known, outcome: OperationOutcome): Known {
  return afterOperation(ordered(known, 'stop', 30), 'stop', outcome, 30, SPEAKER, 40);
}

function start(known: Known, outcome: OperationOutcome): Known {
  return afterOperation(ordered(known, 'start', 30), 'start', outcome, 30, SPEAKER, 40);
}

const TIMED_OUT = { type: 'timed-out', alive: true, text: '' } as const;
const DONE = { type: 'exited', code: 0, text: '' } as const;

for (const exit of [0, 8, 9, 190, 191]) {
  test(`monitor ${exit} means running`, () => {
    assert.equal(observe(FRESH, { exit }).status, 'running');
  });
}

test('monitor 7, asked after the doubt, means stopped', () => {
  assert.equal(observe(FRESH, { exit: 7 }).status, 'stopped');
});

test('monitor 7 that was asked before the doubt says nothing', () => {
  const known = doubted(observe(FRESH, { exit: 0 }), 15, 'its host was silent');
  assert.equal(observe(known, { exit: 7 }).status, 'unknown');
});

test('monitor 7 while a start is alive on the host says nothing', () => {
  assert.equal(observe(FRESH, { exit: 7, alive: ['start'] }).status, 'unknown');
});

test('any other exit is a failure that may be active: a later 7 does not settle it', () => {
  const failed = observe(FRESH, { exit: 1 });
  assert.deepEqual([failed.status, failed.doubt], ['unknown', 'failed']);
  assert.equal(observe(failed, { exit: 7, askedAt: 50 }, 60).status, 'unknown');
});

test('a failure is settled by a stop that succeeds', () => {
  const stopped = stop(observe(FRESH, { exit: 1 }), DONE);
  assert.deepEqual([stopped.status, stopped.doubt], ['stopped', undefined]);
});

test('a start that ran out of time leaves unknown until a stop succeeds', () => {
  const hung = start(observe(FRESH, { exit: 7 }), TIMED_OUT);
  assert.deepEqual([hung.status, hung.doubt], ['unknown', 'unfinished']);
  assert.equal(observe(hung, { exit: 7, askedAt: 50 }, 60).status, 'unknown');
  assert.equal(stop(hung, DONE).status, 'stopped');
});

test('a stop that fails or hangs asks for a fence', () => {
  assert.equal(stop(FRESH, TIMED_OUT).doubt, 'stop-failed');
  assert.equal(stop(FRESH, { type: 'exited', code: 1, text: 'busy' }).doubt, 'stop-failed');
});

test('5 at a first probe means that it cannot run here', () => {
  const known = observe(FRESH, { exit: 5 });
  assert.deepEqual([known.status, known.cannotRun], ['stopped', true]);
});

test('5 from something that ran is a failure', () => {
  assert.equal(observe(observe(FRESH, { exit: 0 }), { exit: 5, askedAt: 15 }).doubt, 'failed');
});

test('an overdue monitor is unknown', () => {
  assert.equal(observe(FRESH, { exit: 0 }, 10 + OVERDUE_MS + 1).status, 'unknown');
});

test('a monitor that ran out of time is a failure, however late that is told', () => {
  const overdue = observe(observe(FRESH, { exit: 0 }), { exit: 0 }, 10 + OVERDUE_MS + 1);
  const told = observe(overdue, { failure: 'timed-out', askedAt: 15 }, 20 + OVERDUE_MS);
  assert.deepEqual([told.status, told.doubt], ['unknown', 'failed']);
});

test('a new boot ends every doubt about the scripts of the one before', () => {
  const known = afterNewBoot(50);
  assert.deepEqual([known.status, known.doubt], ['unknown', undefined]);
});

test('an agent restart or a silence keeps the doubts', () => {
  const hung = start(FRESH, TIMED_OUT);
  assert.equal(doubted(hung, 60, 'its host is silent').doubt, 'unfinished');
});

test('a monitor that was begun before a start had ended says nothing of its effect', () => {
  const started = start(FRESH, DONE);
  assert.equal(observe(started, { exit: 7, askedAt: 35 }, 45).status, 'running');
});

test('a monitor that fails has looked all the same: what is in doubt is stopped, not looked at for ever', () => {
  const lost = start(FRESH, { type: 'lost', text: 'the agent was restarted' });
  assert.equal(lost.looked, false);
  const seen = observe(lost, { exit: 1, askedAt: 50 }, 60);
  assert.deepEqual([seen.doubt, seen.looked], ['unfinished', true]);
});
