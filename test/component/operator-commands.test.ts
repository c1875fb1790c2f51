// SPDX-License-Identifier: Apache-2.0
/** The command line against a real manager with real agents: what an operator types, reads and gets as exit code. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { fencedHosts, untilWell } from './fenced-pair.ts';
import { Cluster, DEADLINE_MS } from './manager-cluster.ts';

const AUREOLE = join(import.meta.dirname, '..', '..', 'src', 'cli', 'main.ts');
const cluster = new Cluster();

function configuration(): string {
  return `
hosts: ${fencedHosts(cluster)}
resources:
  - { name: disk, kind: test/Service, parameters: { id: disk }, dependents: [ip], monitor_interval: 300ms }
  - { name: ip, kind: test/Service, parameters: { id: ip }, monitor_interval: 300ms }
  - { name: pool, kind: test/Service, parameters: { id: pool }, monitor_interval: 300ms }
resource_groups:
  - { root: disk, home_host: oss1, failover_hosts: [oss2] }
  - { root: pool, home_host: oss2, failover_hosts: [oss1] }
node_groups: { all: 'oss[1-2]', first: '@all ! oss2' }
ha: { mode: manage, heartbeat_timeout: 2s, fencing: { timeout: 5s, check: 1s } }
`;
}

before(async () => {
  await cluster.startAgent('oss1');
  await cluster.startAgent('oss2');
  await cluster.startManager(configuration());
  await cluster.untilStatus('the other group runs, too', cluster.runsOn('pool', 'oss2'));
  await untilWell(cluster, 'disk');
});
after(() => cluster[Symbol.asyncDispose]());

type Ended = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

async function aureole(...args: readonly string[]): Promise<Ended> {
  const child = spawn(process.execPath, [AUREOLE, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, AUREOLE_SOCKET: join(cluster.folder, 'manager.sock'), SUDO_USER: 'eve' },
    timeout: DEADLINE_MS,
  });
  const ended = new Promise<number | null>((resolve) => void child.once('close', resolve));
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { code: await ended, stdout, stderr };
}

test('the status of a cluster that is well reads like HALO’s, and has exit code 0 in --check', async () => {
  const { code, stdout, stderr } = await aureole('status', '-e', '2');
  assert.deepEqual([code, stderr], [0, '']);
  const lines = stdout.split('\n');
  assert.deepEqual(lines.slice(0, 7), [
    'disk                \t(test/Service)\tRunning on oss1',
    ' ip                 \t(test/Service)\tRunning on oss1',
    'pool                \t(test/Service)\tRunning on oss2',
    '',
    'Connected hosts:\toss[1-2]',
    'Disconnected hosts:\t',
    'Events: ',
  ]);
  assert.equal(lines.length, 10);
  assert.match(
    lines[7] ?? '',
    /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{3})? event=\S+ object=\S+ comment=".*"$/,
  );
  assert.deepEqual(await aureole('status', '-x'), { code: 0, stdout: '\n', stderr: '' });
  assert.deepEqual(await aureole('status', '--check'), {
    code: 0,
    stdout: 'well: 2 resource groups at home and running, 2 hosts online\n',
    stderr: '',
  });
});

test('a host is emptied and filled again by words that wait', async () => {
  const away = await aureole('deactivate', '@first', '--wait', '15s', '--reason', 'firmware');
  assert.equal(away.code, 0, away.stdout + away.stderr);
  assert.match(away.stdout, /^oss1: done: .*\n$/);
  assert.equal(away.stderr, '', 'nobody is at a terminal');
  const check = await aureole('status', '--check');
  assert.equal(check.code, 10);
  assert.equal(check.stdout, 'degraded: disk runs on oss2, away from oss1; oss1: deactivated\n');
  assert.match(
    (await aureole('status', '-x')).stdout,
    /^disk +\t\(test\/Service\)\tRunning \(Failed Over\) on oss2\n/,
  );
  assert.equal((await aureole('activate', 'oss1')).code, 0);
  const dry = await aureole('failback', '--onto', '@first', '--dry-run', '--json');
  assert.equal(dry.code, 0, dry.stderr);
  assert.match(dry.stdout, /"action": "stop",\n +"host": "oss2"/);
  const home = await aureole('failback', 'disk', '--wait', '--json');
  assert.equal(home.code, 0, home.stdout + home.stderr);
  assert.match(home.stdout, /"target": "disk",\n +"outcome": "done"/);
  assert.equal((await aureole('status', '--check')).code, 0);
});

test('events are found by host, and cleared from the status only', async () => {
  const all = await aureole('events', '--host', 'oss[1-2]', '--since', '1h', '--json');
  assert.ok(all.stdout.includes('firmware'), all.stdout);
  assert.equal((await aureole('events', '--group', 'nothing')).stdout, '');
  const cleared = await aureole('events', 'clear', '--reason', 'looked at');
  assert.equal(cleared.code, 0, cleared.stderr);
  assert.doesNotMatch((await aureole('status')).stdout, /firmware/);
  assert.match((await aureole('events', 'show')).stdout, /object=oss1 comment=".*firmware.*eve.*"/);
});

test('nothing is fenced by a slip in a nodeset', async () => {
  const several = await aureole('fence', '@all', '--reason', 'x');
  assert.deepEqual([several.code, several.stdout], [3, '']);
  const unknown = await aureole('deactivate', 'oss[1-3]');
  assert.deepEqual([unknown.code, unknown.stderr], [1, 'no such host: oss3; nothing was sent\n']);
  const group = await aureole('deactivate', '@none');
  assert.equal(group.code, 2);
  assert.match(group.stderr, /^unable to parse '@none': /);
});
