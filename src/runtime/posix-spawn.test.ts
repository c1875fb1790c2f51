// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { findProcess } from './process-table.ts';
import { posixSpawner, type SpawnEnd } from './posix-spawn.ts';

type Run = { readonly end: SpawnEnd; readonly stdout: string; readonly stderr: string };

async function run(t: TestContext, script: string, env: Record<string, string> = {}): Promise<Run> {
  const folder = mkdtempSync(join(tmpdir(), 'aureole-spawn-'));
  const [out, err] = [join(folder, 'out'), join(folder, 'err')];
  const [stdout, stderr] = [openSync(out, 'a'), openSync(err, 'a')];
  // A child that has ended keeps nobody awake.
  const awake = setInterval(() => undefined, 1_000);
  t.after(() => {
    clearInterval(awake);
    closeSync(stdout);
    closeSync(stderr);
    rmSync(folder, { recursive: true });
  });
  const spawn = await posixSpawner();
  const { ended } = spawn({ file: '/bin/sh', args: ['-c', script], env, stdout, stderr });
  const end = await ended;
  return { end, stdout: readFileSync(out, 'utf8'), stderr: readFileSync(err, 'utf8') };
}

test('exit code, both outputs and the given environment alone come back', async (t) => {
  const { end, stdout, stderr } = await run(t, 'echo out; /usr/bin/env >&2; exit 7', { A: 'b c' });
  assert.deepEqual(end, { type: 'exited', code: 7 });
  assert.equal(stdout, 'out\n');
  assert.match(stderr, /^A=b c$/m);
  assert.doesNotMatch(stderr, /HOME=/);
});

test('death by a signal is told by its name', async (t) => {
  const { end } = await run(t, 'kill -KILL $$');
  assert.deepEqual(end, { type: 'signalled', signal: 'SIGKILL' });
});

test('it leads a session, reads nothing, and takes over no signal that is ignored or blocked', async (t) => {
  process.on('SIGUSR2', ignore);
  t.after(() => process.off('SIGUSR2', ignore));
  const look = 'echo $$; read -r word; echo "read $?"; grep -E "^Sig(Blk|Ign)" /proc/self/status';
  const { stdout } = await run(t, `PATH=/usr/bin:/bin; ${look}; cut -d" " -f6 /proc/$$/stat`);
  const [pid = '', read, blocked, ignored, session] = stdout.trim().split('\n');
  assert.equal(session, pid);
  assert.equal(read, 'read 1');
  for (const set of [blocked, ignored]) assert.match(set ?? '', /\t0+$/);
});

test('many that end together are all told, with none left to be waited for', async (t) => {
  const ends = await Promise.all(Array.from({ length: 40 }, (_, code) => run(t, `exit ${code}`)));
  assert.deepEqual(
    ends.map(({ end }) => end),
    ends.map((_, code) => ({ type: 'exited', code })),
  );
  const children = readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim();
  const zombies = children.split(' ').filter((pid) => findProcess(Number(pid)) === undefined);
  assert.deepEqual(
    zombies.filter((pid) => pid !== ''),
    [],
  );
});

test('what cannot be run is an error that says why, as are words that libc would cut short', async () => {
  const spawn = await posixSpawner();
  const asked = { args: [], env: {}, stdout: 1, stderr: 2 };
  assert.throws(() => spawn({ ...asked, file: '/no/such/program' }), /ENOENT/);
  assert.throws(() => spawn({ ...asked, file: '/etc/passwd' }), /EACCES/);
  assert.throws(() => spawn({ ...asked, file: '/bin/sh', args: ['a\0b'] }), /NUL/);
  assert.throws(() => spawn({ ...asked, file: '/bin/sh', env: { A: 'b\0c' } }), /NUL/);
  const long = 'x'.repeat(900_000);
  assert.throws(() => spawn({ ...asked, file: '/bin/sh', env: { A: long } }), /E2BIG/);
  const many = Object.fromEntries(
    Array.from({ length: 60 }, (_, i) => [`A${i}`, 'x'.repeat(60_000)]),
  );
  assert.throws(() => spawn({ ...asked, file: '/bin/sh', env: many }), /E2BIG/);
});

function ignore(): void {}
