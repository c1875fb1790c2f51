// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OPERATIONS } from '../contract.ts';
import type { Claim } from './claim.ts';
import { Lanes, type Live } from './lanes.ts';

const r: Claim = { name: 'r', identity: '1' };

const running = (operation: Live['operation']): Live => ({
  id: 'x',
  operation,
  status: 'running',
  cancel: async () => {},
});
const leftOver = (operation: Live['operation']): Live => ({
  id: 'x',
  operation,
  status: 'left-over',
});

test('what may begin beside what', () => {
  const allowed = (live: Live): string[] => {
    const lanes = new Lanes(() => {});
    lanes.enter(r, live);
    assert.equal(lanes.obstacle({ name: 'another', identity: '2' }, 'start'), undefined);
    return OPERATIONS.filter((operation) => lanes.obstacle(r, operation) === undefined);
  };
  // A monitor that runs is ended; one that hangs is in nobody's way but another monitor's.
  assert.deepEqual(allowed(running('monitor')), ['start', 'stop', 'monitor']);
  assert.deepEqual(allowed(leftOver('monitor')), ['start', 'stop']);
  for (const operation of ['start', 'stop'] as const) {
    assert.deepEqual(allowed(running(operation)), []);
    assert.deepEqual(allowed(leftOver(operation)), []);
  }
});

test('a monitor is told as alive only once it has outlived its time', () => {
  const lanes = new Lanes(() => {});
  lanes.enter(r, running('monitor'));
  assert.deepEqual(lanes.alive(r), []);
  assert.equal(lanes.monitors(r).length, 1);
  lanes.enter(r, leftOver('monitor'));
  assert.deepEqual(lanes.alive(r), ['monitor']);
  assert.equal(lanes.monitors(r).length, 0);
  lanes.enter(r, { ...running('stop'), id: 'y' });
  assert.deepEqual(lanes.alive(r), ['stop', 'monitor']);
  lanes.leave('y');
  lanes.leave('x');
  assert.deepEqual(lanes.alive(r), []);
});

test('every change is told once', () => {
  const told: Claim[] = [];
  const lanes = new Lanes((claim) => told.push(claim));
  lanes.enter(r, running('start'));
  lanes.leave('x');
  lanes.leave('x');
  assert.deepEqual(told, [r, r]);
});

test('one thing under two names has one lane, and so has one name for two things', () => {
  for (const other of [
    { name: 'halo', identity: '1' },
    { name: 'r', identity: '2' },
  ]) {
    const lanes = new Lanes(() => {});
    lanes.enter(r, running('start'));
    assert.match(lanes.obstacle(other, 'stop') ?? '', /start of .* under way/);
    assert.deepEqual(lanes.alive(other), ['start']);
    lanes.leave('x');
    assert.equal(lanes.obstacle(other, 'stop'), undefined);
  }
});

test('whoever waits for a change is told of the next one', async () => {
  const lanes = new Lanes(() => {});
  const change = lanes.change();
  lanes.enter(r, running('start'));
  await change;
  assert.notEqual(lanes.change(), change);
});
