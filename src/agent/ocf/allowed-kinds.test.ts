// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FindSetting } from '../../runtime/settings.ts';
import { allowedKinds } from './allowed-kinds.ts';

const nothing = (): undefined => undefined;

test('without a list every kind is allowed', () => {
  assert.ok(allowedKinds(undefined, nothing)('heartbeat/Dummy'));
});

test('a list allows what it names, and all of a provider by a star', () => {
  const allow = allowedKinds('heartbeat/ZFS, lustre/*', nothing);
  for (const kind of ['heartbeat/ZFS', 'lustre/Lustre', 'lustre/health']) assert.ok(allow(kind));
  for (const kind of ['heartbeat/Dummy', 'heartbeat/ZFSx', 'lustrex/Lustre', 'x/lustre/Lustre']) {
    assert.ok(!allow(kind), kind);
  }
});

test('the environment gives the list where no flag does', () => {
  const find: FindSetting = (name) =>
    name === 'AUREOLE_KINDS' ? { name, value: 'a/b', from: 'there' } : undefined;
  assert.ok(!allowedKinds(undefined, find)('a/c'));
  assert.ok(allowedKinds('a/c', find)('a/c'));
});

test('what is no kind, and a file that is not there, are told with their place', () => {
  for (const list of ['', 'ZFS', 'a/b,,c/d', '*/x', 'a/../b', 'a/b c']) {
    assert.throws(() => allowedKinds(list, nothing), /--kinds: ".*" is no kind/, list);
  }
  assert.throws(() => allowedKinds('/nowhere/kinds', nothing), /\/nowhere\/kinds cannot be read/);
});
