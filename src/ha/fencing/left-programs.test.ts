// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { endLeftFencePrograms, FenceRecord } from './left-programs.ts';

async function folder(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'aureole-left-'));
  t.after(() => rm(directory, { recursive: true }));
  return directory;
}

function sleeper(t: TestContext, env: Record<string, string> = {}) {
  const child = spawn('sleep', ['1000'], { detached: true, stdio: 'ignore', env });
  t.after(() => child.kill('SIGKILL'));
  assert.ok(child.pid !== undefined);
  return { child, pid: child.pid, exited: once(child, 'exit') };
}

test('a program on record is ended, and its record goes', async (t) => {
  const directory = await folder(t);
  const left = sleeper(t);
  new FenceRecord(directory, 'oss1/ipmi', 'off').started(left.pid);
  assert.deepEqual(await endLeftFencePrograms(directory), [
    { device: 'oss1/ipmi', action: 'off', ended: true },
  ]);
  await left.exited;
  assert.deepEqual(await readdir(directory), []);
  assert.deepEqual(await endLeftFencePrograms(directory), []);
});

test('a program whose pid was not recorded any more is found by its mark', async (t) => {
  const directory = await folder(t);
  const record = new FenceRecord(directory, 'oss1/ipmi', 'off');
  const [name = '', value = ''] = record.mark.split('=');
  const left = sleeper(t, { [name]: value });
  assert.equal((await endLeftFencePrograms(directory))[0]?.ended, true);
  await left.exited;
});

test('a process that got the pid of a program later is left alone', async (t) => {
  const directory = await folder(t);
  const other = sleeper(t);
  new FenceRecord(directory, 'oss1/ipmi', 'off').started(other.pid);
  await rewrite(directory, (text) => text.replace(/"startTicks":\d+/, '"startTicks":1'));
  assert.equal((await endLeftFencePrograms(directory))[0]?.ended, true);
  assert.equal(other.child.exitCode ?? other.child.signalCode, null);
});

test('a record of another boot, or a broken one, ends nobody', async (t) => {
  const directory = await folder(t);
  const other = sleeper(t);
  new FenceRecord(directory, 'oss1/ipmi', 'off').started(other.pid);
  await rewrite(directory, (text) => text.replace(/"kernelBoot":"[^"]*"/, '"kernelBoot":"x"'));
  await writeFile(join(directory, 'broken.fence.json'), '{');
  assert.deepEqual(await endLeftFencePrograms(directory), []);
  assert.equal(other.child.exitCode ?? other.child.signalCode, null);
  assert.deepEqual(await readdir(directory), []);
});

async function rewrite(directory: string, change: (text: string) => string): Promise<void> {
  for (const name of await readdir(directory)) {
    const path = join(directory, name);
    await writeFile(path, change(await readFile(path, 'utf8')));
  }
}
