// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { findMembers, findProcess } from './process-table.ts';
import { endProcesses, runProgram, type Program } from './process.ts';

const PATH = '/usr/bin:/bin';

function shell(script: string, more: Partial<Program> = {}): Program {
  return {
    file: '/bin/sh',
    args: ['-c', script],
    env: { PATH },
    timeoutMs: 10_000,
    killGraceMs: 300,
    outputBytesMax: 1_000,
    ...more,
  };
}

test('exit code, both outputs and the given environment alone come back', async () => {
  const result = await runProgram(shell('echo out; echo err >&2; env >&2; exit 7'));
  assert.deepEqual(result.end, { type: 'exited', code: 7 });
  assert.equal(result.stdout, 'out\n');
  assert.match(result.stderr, /^err\n/);
  assert.doesNotMatch(result.stderr, /HOME=/);
});

test('standard input is written and closed', async () => {
  const result = await runProgram(shell('cat', { stdin: 'action=off\n' }));
  assert.equal(result.stdout, 'action=off\n');
});

test('a program that closes its input unread does no harm', async () => {
  const stdin = 'x'.repeat(1_000_000);
  const result = await runProgram(shell('exec 0<&-; exit 3', { stdin }));
  assert.deepEqual(result.end, { type: 'exited', code: 3 });
});

test('a program that is not there, or cannot be run, is not run', async () => {
  for (const file of ['/no/such/program', '/etc/passwd', '/bin/sh\0']) {
    const result = await runProgram(shell('', { file }));
    assert.equal(result.end.type, 'not-run');
  }
});

test('death by a signal is told', async () => {
  const result = await runProgram(shell('kill -9 $$'));
  assert.deepEqual(result.end, { type: 'signalled', signal: 'SIGKILL' });
});

test('the time-out ends a program that ignores SIGTERM, with its children', async () => {
  const script = `trap '' TERM; sleep 600 & echo $!; wait; sleep 600`;
  const result = await runProgram(shell(script, { timeoutMs: 200 }));
  assert.deepEqual(result.end, { type: 'timed-out', alive: false });
  const child = Number(result.stdout);
  assert.equal(findProcess(child), undefined);
});

test('the mark finds a process that left the session', async () => {
  const mark = `AUREOLE_TEST=${randomUUID()}`;
  const [, value = ''] = mark.split('=');
  const env = { PATH, AUREOLE_TEST: value };
  const script = '(setsid sh -c "(setsid sleep 600 &)" &); sleep 600';
  const result = await runProgram(shell(script, { env, mark, timeoutMs: 300 }));
  assert.deepEqual(result.end, { type: 'timed-out', alive: false });
  assert.deepEqual(await findMembers({ mark }), []);
});

test('a process that may be of the tree keeps it from being gone, and is not signalled', async (t) => {
  const mark = `AUREOLE_TEST=${randomUUID()}`;
  const stranger = spawn('sleep', ['600'], { stdio: 'ignore' });
  t.after(() => stranger.kill('SIGKILL'));
  const entry = findProcess(stranger.pid ?? 0);
  assert.ok(entry !== undefined);
  // As it is while the kernel keeps its environment locked.
  const look = () => Promise.resolve([{ ...entry, certain: false }]);
  assert.equal(await endProcesses({ mark }, 0, look), true);
  assert.equal(findProcess(entry.pid)?.startTicks, entry.startTicks);
});

test('an abort ends the program', async () => {
  const stop = new AbortController();
  const running = runProgram(shell('sleep 600', { signal: stop.signal }));
  stop.abort();
  assert.deepEqual((await running).end, { type: 'aborted', alive: false });
});

test('after an abort nothing is run', async () => {
  const result = await runProgram(shell('echo ran', { signal: AbortSignal.abort() }));
  assert.deepEqual([result.end, result.pid], [{ type: 'aborted', alive: false }, undefined]);
});

test('a daemon that keeps the pipes open does not keep us', async () => {
  const mark = `AUREOLE_TEST=${randomUUID()}`;
  const env = { PATH, AUREOLE_TEST: mark.slice('AUREOLE_TEST='.length) };
  const result = await runProgram(shell('sleep 600 & echo started', { env }));
  try {
    assert.deepEqual(result.end, { type: 'exited', code: 0 });
    assert.equal(result.stdout, 'started\n');
    assert.ok(result.durationMs < 5_000);
  } finally {
    assert.equal(await endProcesses({ mark }, 1_000), false);
  }
});

test('of megabytes only the first and the last part are kept', async () => {
  const result = await runProgram(shell('echo first; yes | head -c 5000000; echo last'));
  assert.ok(result.stdout.length < 1_100);
  assert.match(result.stdout, /^first\ny\n[^]*bytes left out[^]*y\nlast\n$/);
});
