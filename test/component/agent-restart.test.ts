// SPDX-License-Identifier: Apache-2.0
/** What a restart of the agent, ordered or not, does to what was under way: nothing is forgotten. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { findProcess } from '../../src/runtime/process-table.ts';
import { AgentHost, resource, until, watched } from './agent-host.ts';

/** A start that waits for the test, then leaves a daemon that is its service. */
const SLOW_START = `
case $1 in
start) echo begun >begun
  while [ ! -e go-on ]; do sleep 0.02; done
  setsid sleep 600 & echo $! >service; echo "ocf-exit-reason:started late" >&2; exit 0;;
monitor) [ -e service ] && exit 0; exit 7;;
esac
exit 0`;

test('a restart keeps the boot and the epoch, and is a new incarnation', async () => {
  await using host = new AgentHost();
  await host.start();
  await host.poll();
  const before = await host.identity();
  await host.end('SIGKILL');
  await host.start();
  const after = await host.identity();
  assert.equal(after.boot, before.boot);
  assert.equal(after.kernelBoot, before.kernelBoot);
  assert.notEqual(after.incarnation, before.incarnation);
  assert.deepEqual(after.epoch, host.epoch);
});

test('another kernel boot is another boot, even if the run directory survived it', async () => {
  await using host = new AgentHost();
  await host.start();
  const before = await host.identity();
  await host.end('SIGTERM');
  const file = join(host.runDirectory, 'boot.json');
  writeFileSync(file, readFileSync(file, 'utf8').replace(before.kernelBoot, 'an-earlier-one'));
  await host.start();
  assert.notEqual((await host.identity()).boot, before.boot);
});

test('a damaged boot file keeps the agent from starting: a guess could start a service twice', async () => {
  await using host = new AgentHost();
  await host.start();
  await host.end('SIGTERM');
  writeFileSync(join(host.runDirectory, 'boot.json'), '{"boot":');
  await assert.rejects(host.start(), /boot\.json cannot be read/);
});

test('a second agent is turned away from a run directory in use', async () => {
  await using host = new AgentHost();
  await using other = new AgentHost();
  await host.start();
  await assert.rejects(other.start('--run-directory', host.runDirectory), /Another agent/);
});

test('a start under way survives kill -9 of the agent, is told as alive, and its exit is known', async () => {
  await using host = new AgentHost();
  host.script('slow', SLOW_START);
  await host.start();
  const request = 'the-start';
  await host.operate('start', resource('slow'), { request, waitMs: 0, timeoutMs: 60_000 });
  await host.untilFile('begun');
  await host.end('SIGKILL');
  await host.start();
  await host.watch(watched('slow'));
  assert.deepEqual((await host.poll()).resources[0]?.alive, ['start']);
  const early = await host.operate('stop', resource('slow'));
  assert.equal(early.outcome?.type, 'not-run');
  assert.match(early.outcome.text, /A start of slow is left over/);
  writeFileSync(join(host.folder, 'go-on'), '');
  const { outcome } = await host.operate('start', resource('slow'), { request });
  assert.deepEqual(outcome, { type: 'exited', code: 0, text: 'started late' });
  const seen = await host.untilSeen('slow', ({ exit }) => exit === 0);
  assert.deepEqual(seen.alive, []);
  const service = Number(await host.untilFile('service'));
  assert.notEqual(findProcess(service), undefined, 'the service goes on');
});

test('SIGTERM ends the agent at once, held polls included, and not what it has begun', async () => {
  await using host = new AgentHost();
  host.script('slow', SLOW_START);
  await host.start();
  await host.operate('start', resource('slow'), { waitMs: 0, timeoutMs: 60_000 });
  await host.untilFile('begun');
  const held = host.poll((await host.poll()).cursor, 60_000).catch(() => 'cut off');
  const begunAt = performance.now();
  await host.end('SIGTERM');
  assert.ok(performance.now() - begunAt < 2_000);
  assert.equal(await held, 'cut off');
  writeFileSync(join(host.folder, 'go-on'), '');
  await host.untilFile('service');
});

test('an orphan gets no more time than it was given, then it is ended with what left its session', async () => {
  await using host = new AgentHost();
  host.script('hangs', `setsid sh -c 'echo $$ >escaped; sleep 600' & sleep 600`);
  await host.start();
  const request = 'the-start';
  await host.operate('start', resource('hangs'), { request, waitMs: 0, timeoutMs: 2_000 });
  const escaped = Number(await host.untilFile('escaped'));
  await host.end('SIGKILL');
  await host.start();
  const { outcome } = await host.operate('start', resource('hangs'), { request });
  assert.equal(outcome?.type, 'timed-out');
  assert.equal(outcome.alive, false);
  assert.equal(findProcess(escaped), undefined);
});

test('of a start that was killed with its agent nothing goes on, and its outcome is lost', async () => {
  await using host = new AgentHost();
  host.script(
    'torn',
    `setsid sh -c 'trap "" TERM; echo $$ >escaped; sleep 600; sleep 600' & echo $PPID >wrapper; sleep 600`,
  );
  await host.start();
  const request = 'the-start';
  await host.operate('start', resource('torn'), { request, waitMs: 0, timeoutMs: 600_000 });
  const wrapper = Number(await host.untilFile('wrapper'));
  const escaped = Number(await host.untilFile('escaped'));
  await host.end('SIGKILL');
  process.kill(-wrapper, 'SIGKILL');
  await until('the end of the script', () => (findProcess(wrapper) ? undefined : true));
  await host.start();
  await host.watch(watched('torn'));
  assert.deepEqual((await host.poll()).resources[0]?.alive, ['start']);
  const { outcome } = await host.operate('start', resource('torn'), { request });
  assert.equal(outcome?.type, 'lost');
  assert.equal(findProcess(escaped), undefined);
  await host.untilSeen('torn', ({ alive }) => alive.length === 0);
});

test('a monitor that an earlier incarnation left is ended', async () => {
  await using host = new AgentHost();
  host.script('hangs', `echo $$ >monitor; exec sleep 600`);
  await host.start();
  await host.watch({ ...watched('hangs'), timeoutMs: 600_000 });
  const monitor = Number(await host.untilFile('monitor'));
  await host.end('SIGKILL');
  await host.start();
  await until('its end', () => (findProcess(monitor) ? undefined : true));
});

test('a question for meta-data that hangs is ended after a restart', async () => {
  await using host = new AgentHost();
  host.script('hangs', `[ $1 = meta-data ] && { echo $$ >asked; sleep 600; }; exit 0`);
  await host.start();
  await host.watch(watched('hangs'));
  const asked = Number(await host.untilFile('asked'));
  await host.end('SIGKILL');
  await host.start();
  assert.equal(findProcess(asked), undefined);
});

test('a finished request answers the same after a restart, and is not run again', async () => {
  await using host = new AgentHost();
  host.script('counts', '[ $1 = stop ] && echo run >>runs; exit 3');
  await host.start();
  const request = 'once';
  const first = await host.operate('stop', resource('counts'), { request });
  await host.end('SIGKILL');
  await host.start();
  const again = await host.operate('stop', resource('counts'), { request });
  assert.deepEqual(again.outcome, first.outcome);
  assert.equal(host.read('runs'), 'run\n');
});
