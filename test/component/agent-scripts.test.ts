// SPDX-License-Identifier: Apache-2.0
/** Scripts that behave, and scripts that do not: every one ends, and nothing of it is overlooked. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { findProcess } from '../../src/runtime/process-table.ts';
import { needs } from '../needs.ts';
import { AgentHost, resource, until, watched } from './agent-host.ts';

const OCF = '/usr/lib/ocf';
const withOcf = {
  skip: needs({ files: [`${OCF}/resource.d/heartbeat/Dummy`, `${OCF}/lib/heartbeat`] }),
};

test("Debian's Dummy starts, runs, stops, and is watched meanwhile", withOcf, async () => {
  await using host = new AgentHost(OCF);
  await host.start();
  const state = join(host.folder, 'dummy.state');
  const dummy = { name: 'd', kind: 'heartbeat/Dummy', parameters: { state } };
  await host.watch({ ...dummy, intervalMs: 200 });
  await host.untilSeen('d', ({ exit }) => exit === 7);
  const started = await host.operate('start', dummy);
  assert.deepEqual(started.outcome, { type: 'exited', code: 0, text: '' });
  assert.equal(started.timeoutMs, 20_000, "from the script's meta-data");
  await host.untilSeen('d', ({ exit }) => exit === 0);
  assert.deepEqual((await host.operate('stop', dummy)).outcome, started.outcome);
  const stopped = await host.operate('monitor', dummy);
  assert.equal(stopped.outcome?.type === 'exited' && stopped.outcome.code, 7);
});

test("time-outs come from a script's own meta-data", withOcf, async () => {
  await using host = new AgentHost(OCF);
  await host.start();
  const parameters = { device: '/dev/null', directory: host.folder, fstype: 'ext4' };
  const filesystem = { name: 'f', kind: 'heartbeat/Filesystem', parameters };
  const probe = await host.operate('monitor', filesystem);
  assert.equal(probe.timeoutMs, 40_000);
  assert.equal(probe.outcome?.type === 'exited' && probe.outcome.code, 7);
});

test("Debian's Delay is ended at its time-out, with its sleep", withOcf, async () => {
  await using host = new AgentHost(OCF);
  await host.start();
  const parameters = { startdelay: '600', stopdelay: '0', mondelay: '0' };
  const delay = { name: `delay-${process.pid}`, kind: 'heartbeat/Delay', parameters };
  const { outcome } = await host.operate('start', delay, { timeoutMs: 500 });
  assert.equal(outcome?.type, 'timed-out');
  assert.equal(outcome.alive, false);
  // It had noted in /run that it was up.
  const stopped = await host.operate('stop', delay, { timeoutMs: 5_000 });
  assert.equal(stopped.outcome?.type, 'exited');
});

test('a script is given what OCF asks for, and nothing else of the agent', async () => {
  await using host = new AgentHost();
  host.script('env', 'env >environment; echo complete >done');
  await host.start();
  await host.operate('monitor', resource('env', { device: "/dev/a b\n'$(x)" }), {
    timeoutMs: 9_000,
  });
  await host.untilFile('done');
  const environment = host.read('environment');
  for (const line of [
    `OCF_ROOT=${host.ocfRoot}`,
    'OCF_RESOURCE_INSTANCE=env',
    'OCF_RESOURCE_TYPE=env',
    'OCF_RESOURCE_PROVIDER=test',
    'OCF_RA_VERSION_MAJOR=1',
    'OCF_CHECK_LEVEL=0',
    "OCF_RESKEY_device=/dev/a b\n'$(x)",
    'OCF_RESKEY_CRM_meta_timeout=9000',
    'OCF_RESKEY_CRM_meta_interval=0',
    'LC_ALL=C',
    'HA_RSCTMP=/run/resource-agents',
  ]) {
    assert.ok(environment.includes(`${line}\n`), line);
  }
  assert.doesNotMatch(environment, /^(USER|TERM|NODE|npm)/m);
});

test('SIGTERM ignored, session left, forked twice: the time-out ends all of it', async () => {
  await using host = new AgentHost();
  host.script(
    'evil',
    `trap '' TERM
(setsid sh -c 'trap "" TERM; (setsid sh -c "echo \\$\\$ >escaped; while :; do sleep 1; done" &) ; :' &)
while :; do sleep 1; done`,
  );
  await host.start();
  await host.watch(watched('other', 3_600_000));
  const ordered = host.operate('start', resource('evil'), { timeoutMs: 1_500 });
  const escaped = Number(await host.untilFile('escaped'));
  const { outcome } = await ordered;
  assert.equal(outcome?.type, 'timed-out');
  assert.equal(outcome.alive, false);
  assert.equal(findProcess(escaped), undefined);
});

test('the daemon that a start leaves is the service: never alive as an operation, never ended', async () => {
  await using host = new AgentHost();
  host.script(
    'daemon',
    `case $1 in
start) setsid sh -c 'while :; do echo chatter; sleep 0.01; done' & echo $! >service;;
monitor) [ -e service ] && kill -0 $(cat service) && exit 0; exit 7;;
stop) kill $(cat service); rm service;;
esac`,
  );
  await host.start();
  await host.watch(watched('daemon'));
  await host.operate('start', resource('daemon'), { timeoutMs: 5_000 });
  const service = Number(await host.untilFile('service'));
  const seen = await host.untilSeen('daemon', ({ exit }) => exit === 0);
  assert.deepEqual(seen.alive, []);
  await host.end('SIGKILL');
  await host.start();
  await host.watch(watched('daemon'));
  assert.deepEqual((await host.untilSeen('daemon', ({ exit }) => exit === 0)).alive, []);
  assert.notEqual(findProcess(service), undefined);
  await host.operate('stop', resource('daemon'), { timeoutMs: 5_000 });
  await until('the end of the service', () => (findProcess(service) ? undefined : true));
});

test('a script that is killed by somebody has failed, and what it started is ended', async () => {
  await using host = new AgentHost();
  host.script('killed', `setsid sleep 600 & echo $! >child; kill -9 $$`);
  await host.start();
  const { outcome } = await host.operate('start', resource('killed'), { timeoutMs: 5_000 });
  assert.equal(outcome?.type === 'exited' && outcome.code, 137);
  assert.equal(findProcess(Number(host.read('child'))), undefined);
});

test('of megabytes of output the first and the last part are kept', async () => {
  await using host = new AgentHost();
  host.script('loud', 'echo first; yes | head -c 20000000; echo last; echo "why: bad" >&2; exit 1');
  await host.start();
  const { outcome } = await host.operate('start', resource('loud'), { timeoutMs: 10_000 });
  assert.deepEqual(outcome, { type: 'exited', code: 1, text: 'why: bad' });
  const [output] = await host.outputs();
  assert.ok(output !== undefined && output.stdout.length < 70_000);
  assert.match(output.stdout, /^first\n[^]*bytes left out[^]*last\n$/);
});

test('the text is the OCF reason, safe to print', async () => {
  await using host = new AgentHost();
  host.script('says', `printf 'ocf-exit-reason:no \\033[31mdisk\\nlater\\n' >&2; exit 5`);
  await host.start();
  const { outcome } = await host.operate('monitor', resource('says'), { timeoutMs: 5_000 });
  assert.deepEqual(outcome, { type: 'exited', code: 5, text: 'no  [31mdisk' });
});

test('a stop ends a monitor that hangs, and runs at once', async () => {
  await using host = new AgentHost();
  host.script('hangs', `case $1 in monitor) echo $$ >monitor; sleep 600;; esac; exit 0`);
  await host.start();
  const request = 'the-monitor';
  const asked = host.operate('monitor', resource('hangs'), { request, timeoutMs: 600_000 });
  await host.untilFile('monitor');
  const stopped = await host.operate('stop', resource('hangs'), { timeoutMs: 5_000 });
  assert.equal(stopped.outcome?.type, 'exited');
  assert.deepEqual((await asked).outcome, { type: 'cancelled' });
});

test('starts and stops of one resource never overlap; other resources do not wait', async () => {
  await using host = new AgentHost();
  for (const name of ['one', 'two']) {
    host.script(
      name,
      `case $1 in start) echo in >${name}-begun; while [ ! -e go-on ]; do sleep 0.02; done;; esac; exit 0`,
    );
  }
  await host.start();
  const first = host.operate('start', resource('one'), { timeoutMs: 20_000 });
  await host.untilFile('one-begun');
  for (const operation of ['start', 'stop', 'monitor'] as const) {
    const { outcome } = await host.operate(operation, resource('one'), { timeoutMs: 5_000 });
    assert.deepEqual(outcome, {
      type: 'not-run',
      text: 'A start of one is under way on this host.',
    });
  }
  const second = host.operate('start', resource('two'), { timeoutMs: 20_000 });
  await host.untilFile('two-begun');
  writeFileSync(join(host.folder, 'go-on'), '');
  for (const status of await Promise.all([first, second])) {
    assert.equal(status.outcome?.type, 'exited');
  }
});

test('the same request runs once, however often it is sent', async () => {
  await using host = new AgentHost();
  host.script('counts', '[ $1 = start ] && { echo run >>runs; sleep 0.3; }; exit 0');
  await host.start();
  const order = { request: 'once', timeoutMs: 5_000 };
  const answers = await Promise.all([
    host.operate('start', resource('counts'), order),
    host.operate('start', resource('counts'), order),
    host.operate('start', resource('counts'), { ...order, waitMs: 0 }),
  ]);
  const [, , early] = answers;
  assert.equal(early?.outcome, undefined);
  assert.deepEqual(answers[0]?.outcome, answers[1]?.outcome);
  assert.equal(host.read('runs'), 'run\n');
});

test('what is not a script below resource.d is not run', async () => {
  await using host = new AgentHost();
  host.script('good', 'exit 0');
  const folder = join(host.ocfRoot, 'resource.d', 'test');
  symlinkSync('/bin/true', join(folder, 'link'));
  writeFileSync(join(folder, 'plain'), 'text', { mode: 0o644 });
  await host.start();
  const kinds = ['test/link', 'test/plain', 'test/none', 'test', '../../bin/sh', '/bin/sh'];
  for (const kind of [...kinds, 'test/../test/good', 'test/./good', 'test/good\0', 'test/']) {
    const { outcome } = await host.operate('start', { name: 'x', kind, parameters: {} });
    assert.equal(outcome?.type, 'not-run', kind);
  }
  const odd = resource('good', { 'a=b': 'x' });
  assert.equal((await host.operate('start', odd)).outcome?.type, 'not-run');
  const nul = resource('good', { device: 'a\0b' });
  assert.equal((await host.operate('start', nul)).outcome?.type, 'not-run');
  assert.deepEqual((await host.identity()).kinds, ['test/good']);
});

test(
  'in a full run directory nothing is begun, and what was begun is not forgotten',
  { skip: needs({ root: true, programs: ['mount', 'umount'] }) },
  async () => {
    await using host = new AgentHost();
    mkdirSync(host.runDirectory);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', host.runDirectory]);
    try {
      host.script(
        'slow',
        `while [ ! -e go-on ]; do sleep 0.02; done; setsid sleep 600 & echo $! >service; exit 0`,
      );
      host.script('other', 'exit 0');
      await host.start();
      const request = 'the-start';
      const order = { request, waitMs: 0, timeoutMs: 20_000 };
      await host.operate('start', resource('slow'), order);
      const full = join(host.runDirectory, 'full');
      assert.throws(() => writeFileSync(full, 'x'.repeat(1_000_000)), { code: 'ENOSPC' });
      const other = await host.operate('start', resource('other'), { timeoutMs: 5_000 });
      assert.equal(other.outcome?.type, 'not-run');
      assert.match(other.outcome.text, /run directory/);
      writeFileSync(join(host.folder, 'go-on'), '');
      const started = await host.operate('start', resource('slow'), { request });
      assert.equal(started.outcome?.type, 'exited');
      await host.end('SIGKILL');
      rmSync(full);
      await host.start();
      const again = await host.operate('start', resource('slow'), { request });
      assert.deepEqual(again.outcome, started.outcome);
      assert.notEqual(findProcess(Number(host.read('service'))), undefined);
    } finally {
      await host.end('SIGKILL');
      execFileSync('umount', ['--lazy', host.runDirectory]);
    }
  },
);

const FREEZER = '/sys/fs/cgroup/freezer';

test(
  'a process that heeds no signal stays alive for the manager until it is really gone',
  { skip: needs({ root: true, files: [`${FREEZER}/tasks`] }) },
  async () => {
    await using host = new AgentHost();
    const cgroup = join(FREEZER, `aureole-test-${process.pid}`);
    mkdirSync(cgroup);
    try {
      // Frozen by the kernel: signals wait, as they do in state D.
      host.script(
        'stuck',
        `case $1 in start) echo $$ >${cgroup}/cgroup.procs; echo FROZEN >${cgroup}/freezer.state;; esac; exit 0`,
      );
      await host.start();
      await host.watch(watched('stuck'));
      const { outcome } = await host.operate('start', resource('stuck'), { timeoutMs: 1_500 });
      assert.equal(outcome?.type, 'timed-out');
      assert.equal(outcome.alive, true);
      const stuck = (await host.poll()).resources[0];
      assert.deepEqual(stuck?.alive, ['start']);
      assert.equal((await host.operate('stop', resource('stuck'))).outcome?.type, 'not-run');
      await host.end('SIGKILL');
      await host.start();
      await host.watch(watched('stuck'));
      assert.deepEqual((await host.poll()).resources[0]?.alive, ['start'], 'after a restart, too');
      writeFileSync(join(cgroup, 'freezer.state'), 'THAWED');
      await host.untilSeen('stuck', ({ alive, exit }) => alive.length === 0 && exit === 0);
      assert.equal((await host.operate('stop', resource('stuck'))).outcome?.type, 'exited');
    } finally {
      writeFileSync(join(cgroup, 'freezer.state'), 'THAWED');
      await until('the empty cgroup', () => {
        try {
          rmdirSync(cgroup);
          return true;
        } catch {
          return undefined;
        }
      });
    }
  },
);
