// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PowerAction } from '../core/messages.ts';
import type { FenceDevice } from './contract.ts';
import { fenceDeviceRunner } from './run.ts';

type Bench = {
  readonly directory: string;
  readonly run: (
    script: string,
    action?: PowerAction,
    device?: Partial<FenceDevice>,
  ) => ReturnType<ReturnType<typeof fenceDeviceRunner>>;
  readonly records: () => Promise<string[]>;
};

/** Runs shell scripts as fence programs, in a directory of their own that each script sees as $0's. */
async function bench(t: TestContext, signal = new AbortController().signal): Promise<Bench> {
  const directory = await mkdtemp(join(tmpdir(), 'aureole-fence-'));
  t.after(() => rm(directory, { recursive: true }));
  const records = join(directory, 'records');
  const runDevice = fenceDeviceRunner(records);
  return {
    directory,
    run: async (script, action = 'status', device = {}) => {
      const agent = join(directory, 'fence_script');
      await writeFile(agent, `#!/bin/sh\ncd "$(dirname "$0")"\n${script}\n`, { mode: 0o755 });
      const parameters = new Map<string, string>();
      const rest = {
        name: 'oss1/script',
        agent,
        parameters,
        secrets: [],
        timeoutMs: 5_000,
        retries: 0,
      };
      return await runDevice({ ...rest, ...device }, action, signal);
    },
    records: () => readdir(records),
  };
}

test('the exit code tells the power: 0 on, 2 off, else failed', async (t) => {
  const { run } = await bench(t);
  assert.deepEqual(await run('echo "Status: ON"'), { outcome: 'on', text: 'Status: ON' });
  assert.deepEqual(await run('echo "Status: OFF"; exit 2'), {
    outcome: 'off',
    text: 'Status: OFF',
  });
  assert.deepEqual(await run('echo "Unable to connect" >&2; exit 1'), {
    outcome: 'failed',
    text: 'fence_script: exit 1: Unable to connect',
  });
});

test('a script that cannot be parsed ends with 2, and is not taken for off', async (t) => {
  const { run } = await bench(t);
  assert.equal((await run('if')).outcome, 'failed');
});

test('a program that says off and ends with 0 contradicts itself', async (t) => {
  const { run } = await bench(t);
  assert.equal((await run('echo "oss1 is OFF"')).outcome, 'failed');
});

test('off and on are done with 0 only', async (t) => {
  const { run } = await bench(t);
  assert.equal((await run('true', 'off')).outcome, 'done');
  assert.equal((await run('exit 2', 'off')).outcome, 'failed');
  assert.equal((await run('exit 1', 'on')).outcome, 'failed');
});

test('parameters and action go to standard input, and nothing else to arguments', async (t) => {
  const { run, directory } = await bench(t);
  const parameters = new Map([['ip', '10.0.0.1']]);
  await run('cat >input; echo "$#" >arguments', 'off', { parameters });
  assert.equal(await readFile(join(directory, 'input'), 'utf8'), 'ip=10.0.0.1\naction=off\n');
  assert.equal(await readFile(join(directory, 'arguments'), 'utf8'), '0\n');
});

test('a parameter that could become two lines is not given to the program', async (t) => {
  const { run, directory } = await bench(t);
  const parameters = new Map([['password', 'x\naction=on']]);
  const answer = await run('touch ran', 'off', { parameters, retries: 3 });
  assert.equal(answer.outcome, 'failed');
  assert.match(answer.text, /oss1\/script: parameter password: .*line break/);
  assert.ok(!(await readdir(directory)).includes('ran'));
});

test('a program that is not there has failed, with its name and the remedy', async (t) => {
  const { run } = await bench(t);
  const answer = await run('', 'off', { agent: 'fence_absent' });
  assert.equal(answer.outcome, 'failed');
  assert.match(answer.text, /^fence_absent: not found in .*install it/);
});

test('a program whose time is over is unknown, and nothing of it is left', async (t) => {
  const { run, directory, records } = await bench(t);
  const answer = await run('sleep 1000 & echo $! >child; sleep 1000', 'off', {
    timeoutMs: 200,
    retries: 5,
  });
  assert.equal(answer.outcome, 'unknown');
  assert.match(answer.text, /no answer within 200 ms/);
  await assertGone(directory, 'child');
  assert.deepEqual(await records(), []);
});

test('an aborted program is unknown, and nothing of it is left', async (t) => {
  const abort = new AbortController();
  const { run, directory, records } = await bench(t, abort.signal);
  const running = run('sleep 1000 & echo $! >child; sleep 1000', 'off', { timeoutMs: 60_000 });
  await eventually(async () => (await readFile(join(directory, 'child'), 'utf8')) !== '');
  assert.equal((await records()).length, 1);
  abort.abort();
  assert.equal((await running).outcome, 'unknown');
  await assertGone(directory, 'child');
  assert.deepEqual(await records(), []);
});

test('a child that outlives its program is ended', async (t) => {
  const { run, directory, records } = await bench(t);
  const script = 'sleep 1000 >/dev/null 2>&1 & echo $! >child; exit 0';
  assert.equal((await run(script, 'off')).outcome, 'done');
  await assertGone(directory, 'child');
  assert.deepEqual(await records(), []);
});

test('a program ended by somebody else is unknown', async (t) => {
  const { run } = await bench(t);
  const answer = await run('kill -KILL $$', 'off', { retries: 3 });
  assert.deepEqual(answer, { outcome: 'unknown', text: 'fence_script: ended by SIGKILL' });
});

test('only what failed is tried again', async (t) => {
  const { run, directory } = await bench(t);
  const count = async () => (await readFile(join(directory, 'runs'), 'utf8')).length;
  const second = 'printf x >>runs; [ "$(cat runs)" = xx ]';
  assert.equal((await run(second, 'off', { retries: 1 })).outcome, 'done');
  assert.equal(await count(), 2);
  assert.equal((await run('printf x >>runs; exit 1', 'off', { retries: 1 })).outcome, 'failed');
  assert.equal(await count(), 4);
});

test('secrets do not show in what the program said', async (t) => {
  const { run } = await bench(t);
  const answer = await run('echo "login admin:hunter2 denied" >&2; exit 1', 'off', {
    secrets: ['hunter2'],
  });
  assert.equal(answer.text, 'fence_script: exit 1: login admin:*** denied');
});

test('a fence is carried out also where it cannot be recorded', async (t) => {
  const { run, directory } = await bench(t);
  await writeFile(join(directory, 'records'), 'a file where the directory should be');
  assert.equal((await run('true', 'off')).outcome, 'done');
});

async function assertGone(directory: string, file: string): Promise<void> {
  const pid = (await readFile(join(directory, file), 'utf8')).trim();
  await eventually(async () => {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ') Z');
    return stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z');
  });
}

async function eventually(condition: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 5_000;
  while (!(await condition().catch(() => false))) {
    if (performance.now() > deadline) assert.fail('did not come true within 5 s');
    await sleep(10);
  }
}
