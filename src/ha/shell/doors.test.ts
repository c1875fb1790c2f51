// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { test } from 'node:test';
import type { Peer } from '../../runtime/peer-credentials.ts';
import type { Visitor } from '../door.ts';
import { mainDoor } from './doors.ts';
import { operatorOf } from './operators.ts';

const GROUP = { name: 'storage', id: 900 };
/** No process has it, so that nobody is known to have logged in. */
const NO_PID = 2_147_483_647;

function receive(peer: Partial<Peer> | undefined, group?: typeof GROUP): Promise<Visitor> {
  const whole = peer && { pid: NO_PID, uid: 0, groups: new Set<number>(), ...peer };
  const door = mainDoor({ path: '/run/m.sock', group }, () => whole);
  return door.receive(new IncomingMessage(new Socket()));
}

const may = async (...asked: Parameters<typeof receive>): Promise<string> =>
  (await receive(...asked)).may;

test('root, the manager’s own user and the group may order; nobody else gets in', async () => {
  const own = process.getuid?.() ?? 0;
  assert.equal(await may({ uid: 0 }), 'order');
  assert.equal(await may({ uid: own }), 'order');
  assert.equal(await may({ uid: 4_000, groups: new Set([1, 900]) }, GROUP), 'order');
  assert.equal(await may({ uid: 4_000, groups: new Set([1]) }, GROUP), 'nothing');
  assert.equal(await may({ uid: 4_000, groups: new Set([900]) }), 'nothing');
  // A group's number is no user's.
  assert.equal(await may({ uid: 900 }, GROUP), 'nothing');
});

test('where the kernel does not say who asks, nobody gives orders', async () => {
  const visitor = await receive(undefined, GROUP);
  assert.equal(visitor.may, 'look');
  const door = mainDoor({ path: '/run/m.sock', group: GROUP }, undefined);
  assert.equal((await door.receive(new IncomingMessage(new Socket()))).may, 'look');
});

test('only root’s claim counts, and it is made fit to be read', async () => {
  const root = { pid: NO_PID, uid: 0, groups: new Set<number>() };
  assert.deepEqual(await operatorOf(root, 'eve\u001B[2J'), { operator: 'eve', uid: 0 });
  assert.deepEqual(await operatorOf(root, ''), { operator: 'root', uid: 0 });
  const longest = await operatorOf(root, 'x'.repeat(200));
  assert.equal(longest.operator.length, 64);
  const other = { ...root, uid: 3_999_999_999 };
  assert.deepEqual(await operatorOf(other, 'root'), {
    operator: 'uid 3999999999',
    uid: 3_999_999_999,
  });
});
