// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OPERATIONS } from '../contract.ts';
import { Lanes, type Live } from './lanes.ts';

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
    lanes.enter('r', live);
    assert.equal(lanes.obstacle('another', 'start'), undefined);
    return OPERATIONS.filter((operation) => lanes.obstacle('r', operation) === undefined);
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
  lanes.enter('r', running('monitor'));
  assert.deepEqual(lanes.alive('r'), []);
  assert.equal(lanes.monitors('r').length, 1);
  lanes.enter('r', leftOver('monitor'));
  assert.deepEqual(lanes.alive('r'), ['monitor']);
  assert.equal(lanes.monitors('r').length, 0);
  lanes.enter('r', { ...running('stop'), id: 'y' });
  assert.deepEqual(lanes.alive('r'), ['stop', 'monitor']);
  lanes.leave('r', 'y');
  lanes.leave('r', 'x');
  assert.deepEqual(lanes.alive('r'), []);
});

test('every change is told once', () => {
  const told: string[] = [];
  const lanes = new Lanes((resource) => told.push(resource));
  lanes.enter('r', running('start'));
  lanes.leave('r', 'x');
  lanes.leave('r', 'x');
  assert.deepEqual(told, ['r', 'r']);
});
