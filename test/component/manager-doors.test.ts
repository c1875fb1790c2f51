// SPDX-License-Identifier: Apache-2.0
/** Who may order and who may look: a real manager, asked by real users. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { needs } from '../needs.ts';
import { Cluster, DEADLINE_MS } from './manager-cluster.ts';

const AUREOLE = join(import.meta.dirname, '..', '..', 'src', 'cli', 'main.ts');
const skip = needs({ root: true, programs: ['setpriv', 'getent'] });

/** Of Debian's: a user, and two groups that he is not in. */
const NOBODY = 65_534;
const [NOGROUP, USERS] = [65_534, 100];

const STRANGER = ['--reuid', `${NOBODY}`, '--regid', `${NOGROUP}`, '--clear-groups'];
const MEMBER = ['--reuid', `${NOBODY}`, '--regid', `${NOGROUP}`, '--groups', `${USERS}`];
const PRIMARY_MEMBER = ['--reuid', `${NOBODY}`, '--regid', `${USERS}`, '--clear-groups'];

type Said = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

async function aureole(as: readonly string[], socket: string, ...words: string[]): Promise<Said> {
  const env = { PATH: process.env['PATH'], AUREOLE_SOCKET: socket, SUDO_USER: 'mallory' };
  const program = spawn('setpriv', [...as, process.execPath, AUREOLE, ...words], {
    env,
    timeout: DEADLINE_MS,
  });
  const said = [text(program.stdout), text(program.stderr)] as const;
  await once(program, 'close');
  return { code: program.exitCode, stdout: await said[0], stderr: await said[1] };
}

/** A request with curl's words, and the answer. */
async function ask(
  as: readonly string[],
  socket: string,
  method: string,
  path: string,
  body = '',
): Promise<{ readonly status: number; readonly text: string }> {
  const program = `const [socketPath, method, path, body] = process.argv.slice(1);
    require('node:http').request({ socketPath, method, path, agent: false }, (answer) => {
      process.stdout.write(answer.statusCode + ' ');
      answer.pipe(process.stdout);
    }).on('error', (error) => process.stdout.write('0 ' + error.code)).end(method === 'GET' ? '' : body);`;
  const args = [...as, process.execPath, '-e', program, socket, method, path, body];
  const child = spawn('setpriv', args, { timeout: DEADLINE_MS });
  const said = await text(child.stdout);
  return { status: Number(said.split(' ')[0]), text: said.slice(said.indexOf(' ') + 1) };
}

function config(cluster: Cluster, operators: string): string {
  return `
hosts: [{ hostname: 'oss1:${cluster.portOf('oss1')}', address: 127.0.0.1 }]
resources: [{ name: disk, kind: test/Service, parameters: { password: swordfish }, monitor_interval: 300ms }]
resource_groups: [{ root: disk, home_host: oss1, failover_hosts: [] }]
ha: { mode: manage, heartbeat_timeout: 2s${operators} }
`;
}

async function open(cluster: Cluster, operators = ''): Promise<string> {
  chmodSync(cluster.folder, 0o755);
  await cluster.startAgent('oss1');
  await cluster.startManager(config(cluster, operators));
  await cluster.untilStatus('the group runs', cluster.runsOn('disk', 'oss1'));
  return join(cluster.folder, 'manager.sock');
}

const UNMANAGE = JSON.stringify({ verb: 'unmanage', target: 'disk', operator: 'mallory' });

test('members of the operators’ group order under their own names', { skip }, async () => {
  await using cluster = new Cluster();
  const socket = await open(cluster, ', operators: users');
  const { mode, gid } = statSync(socket);
  assert.deepEqual([mode & 0o777, gid], [0o660, USERS]);
  for (const as of [MEMBER, PRIMARY_MEMBER])
    assert.equal((await ask(as, socket, 'POST', '/v1/orders', UNMANAGE)).status, 200);
  assert.equal((await aureole(MEMBER, socket, 'manage', 'disk')).code, 0);
  await ask(MEMBER, socket, 'POST', '/v1/events/clear', '{"operator":"mallory"}');
  const own = (await cluster.events()).filter(({ operator }) => operator !== undefined);
  assert.deepEqual(
    own.map(({ name, operator, uid }) => [name, operator, uid]),
    [
      ['ha.order.unmanage', 'nobody', NOBODY],
      ['ha.order.unmanage', 'nobody', NOBODY],
      ['ha.order.manage', 'nobody', NOBODY],
      ['ha.events.cleared', 'nobody', NOBODY],
    ],
  );
});

test('everybody may look, and is told who may order', { skip }, async () => {
  await using cluster = new Cluster();
  const socket = await open(cluster, ', operators: users');
  const view = `${socket}.view`;
  assert.equal(statSync(view).mode & 0o777, 0o666);
  assert.equal((await ask(STRANGER, socket, 'GET', '/v1/status')).text, 'EACCES');
  for (const path of ['status', 'hosts/oss1', 'groups/disk', 'events?limit=1', 'explain/disk'])
    assert.equal((await ask(STRANGER, view, 'GET', `/v1/${path}`)).status, 200, path);
  assert.equal((await ask(STRANGER, view, 'GET', '/status')).status, 200);
  for (const [method, path] of [
    ['POST', '/v1/orders'],
    ['POST', '/v1/events/clear'],
    ['POST', '/v1/power/status'],
    ['POST', '/no/such/path'],
    ['PUT', '/v1/status'],
    ['PATCH', '/resources/disk'],
    ['POST', '/hosts/oss1'],
    ['POST', '/clear_events'],
  ] as const)
    assert.equal((await ask(STRANGER, view, method, path, UNMANAGE)).status, 403, path);
  const refused = await ask(STRANGER, view, 'POST', '/v1/orders', UNMANAGE);
  assert.match(
    refused.text,
    /orders are for root, and members of the group \\"users\\", at .*sock/,
  );
  // Root, too, only looks there.
  assert.equal((await ask([], view, 'POST', '/v1/orders', UNMANAGE)).status, 403);

  const status = await aureole(STRANGER, socket, 'status');
  assert.deepEqual([status.code, status.stderr], [0, '']);
  assert.match(status.stdout, /disk/);
  const events = await aureole(STRANGER, socket, 'events', 'show');
  assert.equal(events.code, 0, events.stderr);
  const order = await aureole(STRANGER, socket, 'unmanage', 'disk');
  assert.equal(order.code, 1);
  assert.match(order.stderr, /orders are for root, and members of the group "users"/);
  assert.ok((await cluster.status()).groups[0]?.managed);
});

test('who reaches the main socket all the same gets nothing there', { skip }, async () => {
  await using cluster = new Cluster();
  const socket = await open(cluster);
  assert.equal(statSync(socket).mode & 0o777, 0o600);
  chmodSync(socket, 0o666);
  for (const as of [STRANGER, MEMBER])
    for (const method of ['GET', 'POST']) {
      const { status, text: words } = await ask(as, socket, method, '/v1/orders', UNMANAGE);
      assert.equal(status, 403);
      assert.match(words, /this socket is for root; to look, use .*\.view/);
    }
  assert.ok((await cluster.status()).groups[0]?.managed);
});

test('what may hold secrets is for operators only', { skip }, async () => {
  await using cluster = new Cluster();
  const socket = await open(cluster);
  const script = join(cluster.folder, 'ocf.oss1', 'resource.d', 'test', 'Service');
  writeFileSync(
    script,
    '#!/bin/sh\necho swordfish; echo swordfish >&2; echo its words >&2; exit 1\n',
  );
  await cluster.untilStatus('the monitor fails', ({ groups }) => groups[0]?.status !== 'running');
  const places = ['/status', '/v1/config', '/v1/explain/disk'];
  for (const path of places) {
    const shown = await ask([], socket, 'GET', path);
    assert.match(shown.text, /swordfish|\*\*\*/, path);
    const seen = await ask(STRANGER, `${socket}.view`, 'GET', path);
    assert.equal(seen.status, path === '/v1/config' ? 403 : 200, path);
    assert.doesNotMatch(seen.text, /swordfish/, path);
  }
  const { text: explanation } = await ask(STRANGER, `${socket}.view`, 'GET', '/v1/explain/disk');
  assert.match(explanation, /shown to operators only/);
});

test(
  'a manager whose sockets would not be what they should be does not start',
  { skip },
  async () => {
    await using cluster = new Cluster();
    await cluster.startAgent('oss1');
    const unknown = cluster.spawnManager(config(cluster, ', operators: nobodies'), 'unknown');
    assert.equal(await unknown.end(), 64);
    assert.match(unknown.said, /ha\.operators: there is no group "nobodies".*: create it/);

    chmodSync(cluster.folder, 0o777);
    const exposed = cluster.spawnManager(config(cluster, ''), 'exposed');
    assert.equal(await exposed.end(), 64);
    assert.match(exposed.said, /may change the directory.*chmod go-w/);

    chmodSync(cluster.folder, 0o755);
    writeFileSync(join(cluster.folder, 'blocked.sock.view'), 'precious');
    const blocked = cluster.spawnManager(config(cluster, ''), 'blocked');
    assert.equal(await blocked.end(), 64);
    assert.match(blocked.said, /blocked\.sock\.view: the socket cannot be made/);
  },
);

test('the sockets of a manager that was killed are taken over', { skip }, async () => {
  await using cluster = new Cluster();
  await cluster.startAgent('oss1');
  const first = await cluster.startManager(config(cluster, ', operators: users'));
  await first.end('SIGKILL');
  chmodSync(cluster.folder, 0o755);
  await cluster.startManager(config(cluster, ''));
  const socket = join(cluster.folder, 'manager.sock');
  assert.equal(statSync(socket).mode & 0o777, 0o600);
  assert.equal((await ask(STRANGER, `${socket}.view`, 'GET', '/v1/status')).status, 200);
});
