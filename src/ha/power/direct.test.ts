// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PowerOutcome } from '../core/messages.ts';
import { switchHost, type Switched } from './direct.ts';

/** Devices by name, each with what it answers to off and then to status. */
async function switchOff(
  levels: readonly (readonly string[])[],
  answers: Readonly<Record<string, readonly [PowerOutcome, PowerOutcome]>>,
): Promise<Switched & { readonly told: readonly string[] }> {
  const told: string[] = [];
  const switched = await switchHost(levels, 'off', (device, action) => {
    told.push(`${action} ${device}`);
    const [toOff, toStatus] = answers[device] ?? ['failed', 'failed'];
    return Promise.resolve({ outcome: action === 'status' ? toStatus : toOff, text: 'words' });
  });
  return { ...switched, told };
}

test('a host is off once both of its power supplies say so', async () => {
  const { outcome, text, told } = await switchOff([['a', 'b']], {
    a: ['done', 'off'],
    b: ['done', 'off'],
  });
  assert.deepEqual([outcome, text], ['done', 'is off']);
  assert.deepEqual(told, ['off a', 'off b', 'status a', 'status b']);
});

test('one supply that stays on leaves it open, and says which', async () => {
  const { outcome, text } = await switchOff([['a', 'b']], {
    a: ['done', 'off'],
    b: ['done', 'on'],
  });
  assert.deepEqual([outcome, text], ['unknown', 'status by b: on: words']);
});

test('where a level fails the next one is tried', async () => {
  const { outcome, told } = await switchOff([['bmc'], ['pdu']], {
    bmc: ['failed', 'failed'],
    pdu: ['done', 'off'],
  });
  assert.deepEqual([outcome, told], ['done', ['off bmc', 'off pdu', 'status pdu']]);
});

test('off by a device that gave no answer is for its status to say', async () => {
  assert.equal((await switchOff([['a']], { a: ['unknown', 'off'] })).outcome, 'done');
  assert.equal((await switchOff([['a']], { a: ['unknown', 'unknown'] })).outcome, 'unknown');
});

test('where every device has failed nothing was done', async () => {
  const { outcome, text } = await switchOff([['a']], { a: ['failed', 'on'] });
  assert.deepEqual([outcome, text], ['failed', 'off by a: failed: words']);
  assert.equal((await switchOff([], {})).outcome, 'failed');
});
