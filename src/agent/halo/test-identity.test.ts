// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openTestIdentity } from './test-identity.ts';

test('without an id scripts get the process id, and no file is written', () => {
  using identity = openTestIdentity(undefined, { HALO_TEST_DIRECTORY: '/nowhere', OTHER: 'x' });
  assert.deepEqual(identity.environment, {
    HALO_TEST_DIRECTORY: '/nowhere',
    HALO_TEST_ID: String(process.pid),
  });
});

test('the file with the process id is removed in the end, unless it is somebody else’s', () => {
  const directory = mkdtempSync(join(tmpdir(), 'aureole-test-id-'));
  try {
    const env = { HALO_TEST_DIRECTORY: directory };
    openTestIdentity('a_1.b', env)[Symbol.dispose]();
    assert.deepEqual(readdirSync(directory), []);
    const identity = openTestIdentity('a', env);
    writeFileSync(join(directory, 'a.pid'), '1\n');
    identity[Symbol.dispose]();
    assert.deepEqual(readdirSync(directory), ['a.pid']);
    for (const id of ['../a', 'a/b', '', '.', '-x', 'a b']) {
      assert.throws(() => openTestIdentity(id, env), /--test-id/, id);
    }
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test('an agent that cannot write it does not start', () => {
  const env = { HALO_TEST_DIRECTORY: '/nowhere' };
  assert.throws(() => openTestIdentity('a', env), /\/nowhere\/a\.pid cannot be written.*--test-id/);
});
