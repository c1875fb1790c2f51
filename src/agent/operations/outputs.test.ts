// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Operation, Output } from '../contract.ts';
import { LastOutputs } from './outputs.ts';

function output(operation: Operation, code: number, more: Partial<Output> = {}): Output {
  return {
    resource: 'r',
    operation,
    request: '',
    begun: '2026-01-01T00:00:00.000Z',
    durationMs: 1,
    outcome: { type: 'exited', code, text: '' },
    stdout: '',
    stderr: '',
    ...more,
  };
}

test('monitors that say the same again do not push out the start', () => {
  const outputs = new LastOutputs();
  outputs.add(output('start', 0));
  for (let i = 0; i < 100; i++) outputs.add(output('monitor', 0, { durationMs: i }));
  assert.deepEqual(
    outputs.list().map((each) => [each.operation, each.durationMs]),
    [
      ['start', 1],
      ['monitor', 99],
    ],
  );
});

test('five of each resource are kept, and so much in all', () => {
  const outputs = new LastOutputs();
  for (let i = 0; i < 9; i++) outputs.add(output('stop', i));
  assert.equal(outputs.list().length, 5);
  for (let i = 0; i < 300; i++) {
    outputs.add(output('stop', 0, { resource: `r${i}`, stdout: 'x'.repeat(65_536) }));
  }
  const length = outputs.list().reduce((sum, each) => sum + each.stdout.length, 0);
  assert.ok(length > 7_000_000 && length < 8_400_000);
  assert.equal(outputs.list().at(-1)?.resource, 'r299');
});
