// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { OutputFiles } from './output-files.ts';

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'aureole-output-'));
  t.after(() => rmSync(path, { recursive: true }));
  return path;
}

test('an operation starts with empty files, whatever the name of its resource', (t) => {
  const files = new OutputFiles(folder(t));
  for (const name of ['a', '../../../etc/passwd', 'x'.repeat(256)]) {
    const first = files.open(name);
    writeSync(first.stdout, 'old\n');
    first.close();
    const second = files.open(name);
    writeSync(second.stderr, 'new\n');
    second.close();
    assert.deepEqual(files.read(name), { stdout: '', stderr: 'new\n' });
  }
});

test('a file that grows is cut down while its writer goes on', async (t) => {
  const path = folder(t);
  const files = new OutputFiles(path);
  const stop = new AbortController();
  files.keepSmall(stop.signal);
  const { stdout, close } = files.open('r');
  writeSync(stdout, `first\n${'x'.repeat(1_000_000)}`);
  const size = (): number =>
    readdirSync(path).reduce((sum, name) => sum + statSync(join(path, name)).size, 0);
  const late = performance.now() + 5_000;
  while (size() > 100_000) {
    assert.ok(performance.now() < late, 'never cut');
    await sleep(20);
  }
  writeSync(stdout, 'last\n');
  close();
  stop.abort();
  assert.match(files.read('r').stdout, /^first\n[^]*bytes left out[^]*last\n$/);
});
