// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { withoutServiceStarts } from './service-policy.ts';

function policyIn(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'aureole-policy-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return join(folder, 'policy-rc.d');
}

test('while packages are installed no service may start, and then nothing is left', async (t) => {
  const policy = policyIn(t);
  await withoutServiceStarts(async () => {
    assert.equal(spawnSync(policy).status, 101);
  }, policy);
  assert.deepEqual(readdirSync(join(policy, '..')), []);
});

test("the machine's own policy comes back exactly as it was, after a failure, too", async (t) => {
  const policy = policyIn(t);
  writeFileSync(policy, '#!/bin/sh\nexit 104\n');
  chmodSync(policy, 0o715);
  const before = statSync(policy);
  await assert.rejects(
    withoutServiceStarts(async () => {
      assert.equal(spawnSync(policy).status, 101);
      throw new Error('apt failed');
    }, policy),
    /apt failed/,
  );
  const after = statSync(policy);
  assert.deepEqual(
    [after.ino, after.mode, after.mtimeMs],
    [before.ino, before.mode, before.mtimeMs],
  );
  assert.equal(spawnSync(policy).status, 104);
});

test('what a killed run left is put right by the next one', async (t) => {
  const policy = policyIn(t);
  writeFileSync(policy, '#!/bin/sh\nexit 104\n', { mode: 0o755 });
  const killed = withoutServiceStarts(() => new Promise(() => undefined), policy);
  void killed;
  await withoutServiceStarts(async () => {
    assert.equal(spawnSync(policy).status, 101);
  }, policy);
  assert.equal(spawnSync(policy).status, 104);
});
