// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Operate, Outcome } from '../contract.ts';
import { Requests, type Request } from './requests.ts';

const order = (request: string): Operate => ({
  epoch: { journal: 'a', number: 1 },
  request,
  boot: 'b',
  operation: 'stop',
  resource: { name: 'r', kind: 'test/x', parameters: {} },
  waitMs: 0,
});
const outcome = Promise.resolve<Outcome>({ type: 'cancelled' });
const entry = (id: string): Request => ({
  id,
  operation: 'stop',
  resource: 'r',
  timeoutMs: Promise.resolve(1),
  outcome,
});

test('of the finished requests the oldest are forgotten, those that run never', () => {
  const forgotten: string[] = [];
  const requests = new Requests((id) => forgotten.push(id));
  requests.add('running', entry('running'));
  for (let i = 0; i < 1_002; i++) {
    requests.add(`${i}`, entry(`id-${i}`));
    requests.finish(`${i}`);
  }
  assert.deepEqual(forgotten, ['id-0', 'id-1']);
  assert.equal(requests.find(order('0')), undefined);
  assert.equal(requests.find(order('2'))?.id, 'id-2');
  assert.equal(requests.find(order('running'))?.id, 'running');
});

test('a request belongs to one order', () => {
  const requests = new Requests(() => {});
  requests.add('x', entry('id'));
  assert.equal(requests.find(order('x'))?.id, 'id');
  assert.throws(() => requests.find({ ...order('x'), operation: 'start' }), /was for a stop/);
});

test('an order that arrives after a newer one for its resource comes too late', () => {
  const requests = new Requests(() => {});
  const at = (sequence: number, epoch = 1, name = 'r', journal = 'a') =>
    requests.overtaken({
      ...order('x'),
      sequence,
      epoch: { journal, number: epoch },
      resource: { name, kind: 'test/x', parameters: {} },
    });
  assert.equal(at(5), undefined);
  assert.match(at(4) ?? '', /newer order/);
  assert.equal(at(4, 1, 'another'), undefined);
  assert.equal(at(1, 2), undefined, 'a new manager counts anew');
  assert.equal(at(2, 2), undefined);
  assert.equal(at(1, 2, 'r', 'b'), undefined, 'and so does one that took over');
});
