// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { openRunDirectory } from './run-directory.ts';

const NOBODY = 65_534;

function makeFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'aureole-run-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

test('who may not use the run directory is told to be root, and not to reboot', (t) => {
  const folder = makeFolder(t);
  const file = join(folder, 'agent.json');
  writeFileSync(file, '{}');
  chmodSync(file, 0);
  chmodSync(folder, 0o755);
  const isRoot = process.getuid?.() === 0;
  if (isRoot) process.seteuid?.(NOBODY);
  try {
    assert.throws(
      () => openRunDirectory(folder),
      /Run the agent as root, or name another with --run-directory\.$/,
    );
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
});

test('a damaged file of the agent is not guessed at', (t) => {
  const folder = makeFolder(t);
  writeFileSync(join(folder, 'agent.json'), 'half of it');
  assert.throws(() => openRunDirectory(folder), /cannot be read as what the agent wrote.*Reboot/);
});
