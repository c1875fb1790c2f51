// SPDX-License-Identifier: Apache-2.0
/** The compiler, the linter, the formatter and the search for dead code have nothing to say. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { ROOT } from './tree.ts';

const TOOLS = [
  ['tsc', '-p', '.'],
  ['oxlint'],
  ['oxfmt', '--check'],
  ['knip', '--no-progress'],
] as const;

for (const [tool, ...args] of TOOLS) {
  const command = [tool, ...args].join(' ');
  test(`${tool} has nothing to say`, async () => {
    const { code, said } = await run(join(ROOT, 'node_modules', '.bin', tool), args);
    assert.ok(code === 0, `repeat it with: npx ${command}\n${said}`);
  });
}

test('a tool that is not there has something to say', async () => {
  assert.notEqual((await run('no-such-tool', [])).code, 0);
});

const options = { cwd: ROOT, timeout: 50_000, env: { ...process.env, NO_COLOR: '1' } };

function run(program: string, args: readonly string[]): Promise<{ code: unknown; said: string }> {
  return new Promise((resolve) => {
    execFile(program, args, options, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : (error.code ?? error.signal), said: stdout + stderr });
    });
  });
}
