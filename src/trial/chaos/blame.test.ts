// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mayBeSwitchedOff } from './blame.ts';
import type { FaultName } from './faults.ts';

const SHAPE = {
  hosts: ['h1', 'h2', 'h3', 'h4'],
  groups: [
    { name: 'g1', home: 'h1', failover: ['h2'] },
    { name: 'g10', home: 'h3', failover: ['h4'] },
  ],
  resources: ['g1', 'g1-1', 'g10', 'g10-1'],
  ha: {},
};

function blamed(fault: FaultName, target: string): readonly string[] {
  const strikes = [{ atMs: 0, forMs: 1, fault, target }];
  return [...mayBeSwitchedOff({ forMs: 1, strikes, orders: [] }, SHAPE)];
}

test('who is not heard, or loses its agent, may be switched off', () => {
  assert.deepEqual(blamed('cut', 'h2'), ['h2']);
  assert.deepEqual(blamed('agentKill', 'h2'), ['h2']);
});

test('what befalls the manager, or a fence device, is no reason', () => {
  assert.deepEqual(blamed('managerStop', 'mgmt'), []);
  assert.deepEqual(blamed('managerCut', 'mgmt'), []);
  assert.deepEqual(blamed('bmcSilent', 'h1'), []);
  assert.deepEqual(blamed('apart', 'h1'), []);
});

test('where a script fails, any host of its group may be', () => {
  assert.deepEqual(blamed('stopFails', 'g1-1'), ['h1', 'h2']);
  assert.deepEqual(blamed('stopFails', 'g10'), ['h3', 'h4']);
});

test('who is to be switched off by order may be', () => {
  const orders = [{ atMs: 0, verb: 'fence', target: 'h3', force: false } as const];
  assert.deepEqual([...mayBeSwitchedOff({ forMs: 1, strikes: [], orders }, SHAPE)], ['h3']);
});
