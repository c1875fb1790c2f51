// SPDX-License-Identifier: Apache-2.0
/** HALO's four routes at a real manager's socket: its codes, its texts, its JSON. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { z } from 'zod';
import { Cluster, until } from './manager-cluster.ts';

type Answer = { readonly status: number; readonly text: string };
type Ask = (method: string, path: string, body?: string, type?: string) => Promise<Answer>;

const JSON_TYPE = 'application/json';

function asker(cluster: Cluster): Ask {
  const socketPath = join(cluster.folder, 'manager.sock');
  return (method, path, body, type = JSON_TYPE) =>
    new Promise((resolve, reject) => {
      const headers = {
        ...(type === '' ? {} : { 'content-type': type }),
        ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }),
      };
      request({ socketPath, method, path, agent: false, headers }, (answer) => {
        void text(answer).then((all) => {
          resolve({ status: answer.statusCode ?? 0, text: all });
        }, reject);
      })
        .on('error', reject)
        .end(body);
    });
}

const HaloStatus = z.strictObject({
  resources: z.array(
    z.strictObject({
      id: z.string(),
      kind: z.string(),
      parameters: z.record(z.string(), z.string()),
      status: z.record(
        z.string(),
        z.strictObject({
          status: z.enum(['Running', 'Stopped', 'Unknown', 'Error']),
          comment: z.string().nullable(),
        }),
      ),
      managed: z.boolean(),
      home_host: z.string(),
      failover_host: z.string().nullable(),
      dependents: z.array(z.string()),
      exclusive: z.boolean(),
    }),
  ),
  hosts: z.array(
    z.strictObject({
      id: z.string(),
      active: z.boolean(),
      connected: z.boolean(),
      fenced: z.boolean(),
    }),
  ),
  events: z.array(
    z.strictObject({
      timestamp: z.string().regex(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{3})?$/),
      event: z.enum(['manage', 'unmanage', 'activate', 'deactivate', 'fence', 'reset', 'clear']),
      obj_id: z.string(),
      comment: z.string().nullable(),
    }),
  ),
});

async function haloStatus(ask: Ask): Promise<z.infer<typeof HaloStatus>> {
  const answer = await ask('GET', '/status');
  assert.equal(answer.status, 200, answer.text);
  return HaloStatus.parse(JSON.parse(answer.text));
}

async function pair(mode: 'manage' | 'observe' = 'manage'): Promise<Cluster> {
  const cluster = new Cluster();
  // The scripts keep their state in files that are named after the resources.
  mkdirSync(join(cluster.folder, 'pool'));
  await cluster.startAgent('oss1');
  await cluster.startAgent('oss2');
  const host = (name: string): string => `
  - hostname: ${name}:${cluster.portOf(name)}
    address: 127.0.0.1
    fencing: [[{ name: power, agent: ${cluster.fenceProgram}, parameters: { plug: ${name} } }]]`;
  await cluster.startManager(`
hosts: ${host('oss1')} ${host('oss2')}
resources:
  - { name: pool/disk, kind: test/Service, parameters: { pool: p }, dependents: [ip], monitor_interval: 300ms }
  - { name: ip, kind: test/Service, parameters: {}, monitor_interval: 300ms }
resource_groups: [{ root: pool/disk, home_host: oss1, failover_hosts: [oss2] }]
ha: { mode: ${mode}, heartbeat_timeout: 2s, fencing: { timeout: 5s, check: 1s, retry: 1h } }
`);
  return cluster;
}

async function runningPair(): Promise<Cluster> {
  const cluster = await pair();
  await cluster.untilStatus('the group runs at home', cluster.runsOn('pool/disk', 'oss1'));
  await cluster.untilStatus('its devices are proven', ({ hosts }) =>
    hosts.every((one) => one.devices.every(({ trust }) => trust === 'proven')),
  );
  return cluster;
}

const said = (status: number, words = ''): Answer => ({ status, text: words });
const manage = (managed: boolean, comment?: string): string => JSON.stringify({ managed, comment });
const order = (command: string, more: object = {}): string => JSON.stringify({ command, ...more });

test('groups and hosts are commanded as HALO’s are, and the status tells it', async () => {
  await using cluster = await runningPair();
  const ask = asker(cluster);
  assert.deepEqual(
    await ask('PATCH', '/resources/pool%2Fdisk', manage(false, 'resilvering')),
    said(200),
  );
  assert.deepEqual(await ask('POST', '/hosts/oss2', order('deactivate')), said(200));
  assert.deepEqual(
    await ask('POST', '/hosts/oss1', order('deactivate')),
    said(409, 'Partner host is already deactivated. You cannot deactivate both hosts in a pair.'),
  );
  assert.deepEqual(
    await ask('POST', '/hosts/oss2', order('activate', { comment: null })),
    said(200),
  );
  assert.deepEqual(await ask('POST', '/clear_events'), said(200));
  assert.deepEqual(await ask('PATCH', '/resources/pool%2Fdisk', manage(true)), said(200));
  assert.deepEqual(await ask('POST', '/hosts/oss1', order('failback')), said(200));
  assert.deepEqual(
    await ask('POST', '/hosts/oss2', order('reset')),
    said(409, 'Host has not been fenced.'),
  );

  await cluster.untilStatus(
    'it is known to run, and where not',
    ({ groups: [group] }) =>
      group?.resources.every(({ hosts: known }) =>
        known.every(({ host, status }) => status === (host === 'oss1' ? 'running' : 'stopped')),
      ) === true,
  );
  const { resources, hosts, events } = await haloStatus(ask);
  const status = {
    oss1: { status: 'Running', comment: null },
    oss2: { status: 'Stopped', comment: null },
  };
  const own = {
    kind: 'test/Service',
    status,
    managed: true,
    home_host: 'oss1',
    failover_host: 'oss2',
    exclusive: true,
  };
  assert.deepEqual(resources, [
    { ...own, id: 'pool/disk', parameters: { pool: 'p' }, dependents: ['ip'] },
    { ...own, id: 'ip', parameters: {}, dependents: [] },
  ]);
  assert.deepEqual(
    hosts,
    ['oss1', 'oss2'].map((id) => ({ id, active: true, connected: true, fenced: false })),
  );
  assert.deepEqual(
    events.map(({ event, obj_id, comment }) => [event, obj_id, comment]),
    [
      ['unmanage', 'pool/disk', 'resilvering'],
      ['deactivate', 'oss2', null],
      ['activate', 'oss2', null],
      ['clear', 'events', null],
      ['manage', 'pool/disk', null],
    ],
  );
});

test('what is no request of HALO’s has the code that HALO gives', async () => {
  await using cluster = await runningPair();
  const ask = asker(cluster);
  const rows: [Parameters<Ask>, number, string?][] = [
    [['PATCH', '/resources/ip', manage(true)], 404, 'Resource group not found.'],
    [['PATCH', '/resources/%E2%80%AE%00', manage(true)], 404, 'Resource group not found.'],
    [['PATCH', '/resources/pool/disk', manage(true)], 404],
    [['POST', '/hosts/oss9', order('activate')], 404, ''],
    [['GET', '/nothing'], 404],
    [['POST', '/status', '{}'], 405, ''],
    [['GET', '/resources/pool%2Fdisk'], 405, ''],
    [['DELETE', '/hosts/oss1'], 405, ''],
    [['GET', '/clear_events'], 405, ''],
    [['PATCH', '/resources/pool%2Fdisk', manage(true), 'text/plain'], 415],
    [['POST', '/hosts/oss1', order('activate'), ''], 415],
    [['PATCH', '/resources/pool%2Fdisk', '{"managed":'], 400],
    [['PATCH', '/resources/pool%2Fdisk', ''], 400],
    [['POST', '/hosts/oss1', order('explode')], 400, 'Unsupported command.'],
    [['PATCH', '/resources/pool%2Fdisk', '{}'], 422],
    [['PATCH', '/resources/pool%2Fdisk', '{"managed":"yes"}'], 422],
    [['POST', '/hosts/oss1', order('activate', { force: 'yes' })], 422],
    [['POST', '/hosts/oss1', order('activate', { comment: 'x'.repeat(2_000) })], 422],
    [['POST', '/hosts/oss1', order('activate', { comment: 'x'.repeat(20_000) })], 413],
  ];
  for (const [question, status, words] of rows) {
    const answer = await ask(...question);
    assert.equal(answer.status, status, question.join(' ').slice(0, 80));
    if (words !== undefined) assert.equal(answer.text, words);
  }
  // Unknown fields, other JSON types and parameters of a type are no mistakes.
  const known = order('activate', { later: 1, force: null });
  const type = 'application/vnd.x+json; charset=utf-8';
  assert.deepEqual(await ask('POST', '/hosts/oss1', known, type), said(200));
});

test('a fence is answered when it has ended, and a second one refused', async () => {
  await using cluster = await runningPair();
  const ask = asker(cluster);
  assert.deepEqual(
    await ask('POST', '/hosts/oss2', order('fence', { comment: 'hangs' })),
    said(200),
  );
  const { hosts, events } = await haloStatus(ask);
  assert.deepEqual(
    hosts.map(({ id, connected, fenced }) => [id, connected, fenced]),
    [
      ['oss1', true, false],
      ['oss2', false, true],
    ],
  );
  assert.deepEqual(
    events.map(({ event, obj_id }) => [event, obj_id]),
    [['fence', 'oss2']],
  );
  assert.deepEqual(
    await ask('POST', '/hosts/oss2', order('fence')),
    said(409, 'Host has already been fenced.'),
  );
  assert.deepEqual(
    await ask('POST', '/hosts/oss1', order('fence')),
    said(409, 'Partner is disconnected.'),
  );
  assert.deepEqual(await ask('POST', '/hosts/oss2', order('reset')), said(200));
});

test('a fence that fails says so; a client that does not wait harms nothing', async () => {
  await using cluster = await runningPair();
  const ask = asker(cluster);
  // From now on it takes its time, and says no.
  const slow = `#!/bin/sh
read -r first
sleep 2
exit 1
`;
  writeFileSync(cluster.fenceProgram, slow);
  const socketPath = join(cluster.folder, 'manager.sock');
  const headers = { 'content-type': JSON_TYPE };
  const place = { socketPath, method: 'POST', path: '/hosts/oss1', agent: false, headers };
  const impatient = request(place).on('error', () => {});
  impatient.end(order('fence'));
  await cluster.untilStatus('the fence is under way', (status) =>
    status.hosts.some((one) => one.name === 'oss1' && one.fence !== undefined),
  );
  impatient.destroy();
  assert.deepEqual(
    await ask('POST', '/hosts/oss1', order('fence')),
    said(409, 'Another fence request is already in progress. Wait for it to finish.'),
  );
  await until('the first one has failed', async () => {
    const names = (await cluster.events()).map(({ name }) => name);
    return names.includes('ha.fence.failed') ? true : undefined;
  });
  assert.deepEqual(await ask('POST', '/hosts/oss1', order('reset')), said(200));
  assert.deepEqual(
    await ask('POST', '/hosts/oss1', order('fence')),
    said(500, 'Fence operation failed. The host is not powered off.'),
  );
  assert.ok((await cluster.status()).acting);
});

test('while the manager observes, nothing may be commanded', async () => {
  await using cluster = await pair('observe');
  const ask = asker(cluster);
  const observes = said(
    409,
    'The specified command can only be used when running in managed mode.',
  );
  assert.deepEqual(await ask('PATCH', '/resources/nothing', manage(true)), observes);
  assert.deepEqual(await ask('POST', '/hosts/oss9', order('activate')), observes);
  assert.deepEqual(await ask('POST', '/hosts/oss1', order('explode')), observes);
  const { resources } = await haloStatus(ask);
  assert.ok(resources.every(({ managed }) => !managed));
});
