// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { findProcess } from '../../runtime/process-table.ts';

const LAB_POWER = join(import.meta.dirname, 'lab-power.sh');
const RECURSIVE = { recursive: true };
const run = promisify(execFile);

/** A host of one process, without namespaces: what matters here is whom the switch ends. */
async function makeHost(stack: AsyncDisposableStack) {
  const directory = await mkdtemp(join(tmpdir(), 'aureole-power-'));
  const power = async (action: string) => {
    const { stdout } = await run(LAB_POWER, [action, directory], { timeout: 10_000 });
    return stdout.trim();
  };
  const init = async () =>
    Number((await readFile(join(directory, 'init.pid'), 'utf8')).split(' ')[0]);
  const write = (file: string, text: string) => writeFile(join(directory, file), text);
  stack.defer(async () => {
    await rm(join(directory, 'power'), { force: true });
    await power('off').catch(() => undefined);
    await rm(directory, { recursive: true });
  });
  const start = `#!/bin/sh\nexec '${LAB_POWER}' become-init '${directory}' sleep 1000\n`;
  await writeFile(join(directory, 'power-on'), start, { mode: 0o755 });
  return { directory, power, init, write };
}

test('on starts the host, and off ends it and empties its /run', async () => {
  await using stack = new AsyncDisposableStack();
  const host = await makeHost(stack);
  assert.equal(await host.power('status'), 'off');
  assert.equal(await host.power('on'), 'on');
  const pid = await host.init();
  assert.ok(findProcess(pid) !== undefined);
  await mkdir(join(host.directory, 'run', 'aureole'), { recursive: true });
  assert.equal(await host.power('off'), 'off');
  assert.equal(findProcess(pid), undefined);
  assert.deepEqual(await readdir(join(host.directory, 'run')), []);
  assert.equal(await host.power('status'), 'off');
});

test('a host that died by itself still has power', async () => {
  await using stack = new AsyncDisposableStack();
  const host = await makeHost(stack);
  await host.power('on');
  process.kill(await host.init(), 'SIGKILL');
  assert.equal(await host.power('status'), 'on');
  assert.equal(await host.power('off'), 'off');
});

test('a process that has got the pid of init is left alone', async () => {
  await using stack = new AsyncDisposableStack();
  const host = await makeHost(stack);
  const other = spawn('sleep', ['1000'], { stdio: 'ignore' });
  stack.defer(() => void other.kill('SIGKILL'));
  await once(other, 'spawn');
  await host.write('init.pid', `${other.pid} 1`);
  assert.equal(await host.power('off'), 'off');
  assert.equal(other.exitCode ?? other.signalCode, null);
});

test('an init.pid that names nobody is no off', async () => {
  await using stack = new AsyncDisposableStack();
  const host = await makeHost(stack);
  await host.write('init.pid', '');
  await assert.rejects(host.power('off'), /is not PID STARTTIME/);
  assert.equal(await host.power('status'), 'on');
});

test('a switch that lies says off, and one that is stuck says on; both end nobody', async () => {
  await using stack = new AsyncDisposableStack();
  const host = await makeHost(stack);
  await host.power('on');
  const pid = await host.init();
  await host.write('power', 'lie');
  assert.equal(await host.power('status'), 'on');
  assert.equal(await host.power('off'), 'off');
  assert.equal(await host.power('status'), 'off');
  await host.write('power', 'stuck-on');
  assert.equal(await host.power('off'), 'on');
  assert.ok(findProcess(pid) !== undefined);
});

test('a dead switch does not answer', async () => {
  await using stack = new AsyncDisposableStack();
  const host = await makeHost(stack);
  await host.power('on');
  await host.write('power', 'dead');
  const asked = run(LAB_POWER, ['status', host.directory], { timeout: 200 });
  await assert.rejects(asked, { killed: true });
});

test('a switch with a cache says on for a while after it has switched off', async () => {
  await using stack = new AsyncDisposableStack();
  const host = await makeHost(stack);
  await host.power('on');
  await host.write('power', 'cache');
  assert.equal(await host.power('status'), 'on');
  assert.equal(await host.power('off'), 'on');
  await assert.rejects(host.init());
  await utimes(join(host.directory, 'power.cache'), 0, 0);
  assert.equal(await host.power('status'), 'off');
});

test('a host with two supplies loses its power with the second one', async () => {
  await using stack = new AsyncDisposableStack();
  const host = await makeHost(stack);
  const supply = async (action: string, name: string) => {
    const where = join(host.directory, 'supplies', name);
    const { stdout } = await run(LAB_POWER, [action, where], { timeout: 10_000 });
    return stdout.trim();
  };
  for (const name of ['a', 'b']) await mkdir(join(host.directory, 'supplies', name), RECURSIVE);
  await host.power('on');
  const pid = await host.init();
  assert.equal(await supply('off', 'a'), 'off');
  assert.equal(await supply('status', 'b'), 'on');
  assert.ok(findProcess(pid) !== undefined);
  assert.equal(await supply('off', 'b'), 'off');
  assert.equal(findProcess(pid), undefined);
  assert.equal(await supply('on', 'a'), 'on');
  assert.equal(await host.power('status'), 'on');
  assert.equal(await supply('status', 'b'), 'off');
  assert.equal(await host.power('off'), 'off');
  assert.equal(await supply('status', 'a'), 'off');
});
