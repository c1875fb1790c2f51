// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { request, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import type { EventView, OrderAnswer, Status } from '../contract.ts';
import type { Door } from '../door.ts';
import { HaError } from '../errors.ts';
import type { ManagerApi } from '../manager-api.ts';
import { managerRoutes } from '../routes.ts';
import { LiveFeed } from './live-feed.ts';
import { refuseSocketInUse, serveOnSocket, type SocketBounds } from './socket-server.ts';

const STATUS: Status = {
  mode: 'observe',
  acting: true,
  epoch: { journal: 'j', number: 1 },
  hosts: [
    { name: 'oss1', status: 'online', active: true, armed: true, devices: [], reason: 'answers' },
  ],
  groups: [
    {
      name: 'pool/ost0',
      homeHost: 'oss1',
      failoverHosts: [],
      managed: true,
      status: 'running',
      reason: 'it runs at home',
      resources: [],
    },
  ],
  alarms: [],
};
const EVENT: EventView = {
  id: 1,
  time: '2026-01-01T00:00:00.000Z',
  name: 'host.silent',
  severity: 'warning',
  text: '',
};

function api(more: Partial<ManagerApi> = {}): ManagerApi {
  return {
    status: () => STATUS,
    events: () => [EVENT],
    clearEvents: () => 1,
    parametersOf: () => ({}),
    fenceEnd: () => Promise.resolve('failed'),
    nodeGroups: () => new Map([['oss', 'oss[1-4]']]),
    config: () => ({
      path: '/a',
      hosts: [],
      resources: [],
      groups: [],
      settings: {},
      nodeGroups: {},
    }),
    explain: () => Promise.resolve(undefined),
    order: () => Promise.resolve('busy'),
    powerStatus: () => Promise.resolve({ devices: [] }),
    stream: () => false,
    ...more,
  };
}

const OPERATOR: Door = {
  name: 'main',
  receive: () =>
    Promise.resolve({ may: 'order', sign: () => Promise.resolve({ operator: 'eve', uid: 1000 }) }),
};

function serve(
  path: string,
  more: Partial<ManagerApi> = {},
  bounds: Partial<SocketBounds> = {},
): Promise<AsyncDisposable> {
  const usual = { mode: 0o600, connectionsMax: 256, silenceMs: 60_000 } as const;
  return serveOnSocket(managerRoutes(api(more), OPERATOR), path, { ...usual, ...bounds });
}

function socketPath(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'aureole-socket-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return join(directory, 'manager.sock');
}

async function call(socket: string, path: string, body?: string): Promise<[number, unknown]> {
  const response = await open(socket, path, body);
  return [response.statusCode ?? 0, JSON.parse(await text(response))];
}

function open(socket: string, path: string, body?: string): Promise<IncomingMessage> {
  const method = body === undefined ? 'GET' : 'POST';
  const place = { socketPath: socket, path, method, agent: false };
  return new Promise((resolve, reject) => {
    request(place, resolve).on('error', reject).end(body);
  });
}

const unusable = (error: unknown): boolean =>
  error instanceof HaError && error.details.code === 'socket-unusable';

test('hosts and groups are found by name, also where the name has a slash', async (t) => {
  const path = socketPath(t);
  await using _server = await serve(path);
  assert.deepEqual(await call(path, '/v1/status'), [200, STATUS]);
  assert.deepEqual(await call(path, '/v1/hosts/oss1'), [200, STATUS.hosts[0]]);
  assert.deepEqual(await call(path, '/v1/groups/pool%2Fost0'), [200, STATUS.groups[0]]);
  const [status, answer] = await call(path, '/v1/hosts/oss9');
  assert.equal(status, 404);
  assert.deepEqual(answer, {
    code: 'not-found',
    message: 'the configuration has no host "oss9"',
  });
});

test('a question that makes no sense gets one clear answer', async (t) => {
  const path = socketPath(t);
  await using _server = await serve(path);
  const codes = [
    await call(path, '/v1/events?limit=many'),
    await call(path, '/v1/events?colour=red'),
    await call(path, '/v1/events?since=yesterday'),
    await call(path, '/v1/events?group=ost0&group=ost1'),
    await call(path, `/v1/events?host=a${'&host=b'.repeat(200)}`),
    await call(path, '/v1/events/clear', '{"reason":1}'),
    await call(path, '/v1/orders', 'not json'),
    await call(path, '/v1/orders', '{"verb":"explode","target":"oss1"}'),
    await call(path, '/v1/orders', JSON.stringify({ verb: 'fence', reason: 'x'.repeat(20_000) })),
    await call(path, '/v2/status'),
  ].map(([status]) => status);
  assert.deepEqual(codes, [400, 400, 400, 400, 400, 400, 400, 400, 413, 404]);
});

test('an order is answered as the core answers, or says that nobody knows', async (t) => {
  const path = socketPath(t);
  const answers: (OrderAnswer | 'busy' | 'late')[] = [
    { id: '1', outcome: 'refused', text: 'observe mode' },
    'busy',
    'late',
  ];
  const order = () => Promise.resolve(answers.shift() ?? 'busy');
  await using _server = await serve(path, { order });
  const fence = JSON.stringify({ verb: 'fence', target: 'oss1' });
  assert.deepEqual(await call(path, '/v1/orders', fence), [
    200,
    { id: '1', outcome: 'refused', text: 'observe mode' },
  ]);
  assert.equal((await call(path, '/v1/orders', fence))[0], 503);
  const [status, late] = await call(path, '/v1/orders', fence);
  assert.equal(status, 504);
  assert.match(JSON.stringify(late), /may still be done/);
});

test('only the owner may open the socket, and no second manager takes it away', async (t) => {
  const path = socketPath(t);
  await using _server = await serve(path);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  await assert.rejects(refuseSocketInUse(path), unusable);
  await assert.rejects(serve(path), unusable);
  assert.equal((await call(path, '/v1/status'))[0], 200);
});

test('the socket of a manager that was killed is taken over', async (t) => {
  const path = socketPath(t);
  const program = `require('node:net').createServer().listen(process.argv[1], () => console.log('up'))`;
  const dead = spawn(process.execPath, ['-e', program, path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(dead.stdout, 'data');
  dead.kill('SIGKILL');
  await once(dead, 'exit');
  await refuseSocketInUse(path);
  await using _server = await serve(path);
  assert.equal((await call(path, '/v1/status'))[0], 200);
});

test('a file that is not a socket is never removed', async (t) => {
  const path = socketPath(t);
  writeFileSync(path, 'precious');
  await assert.rejects(serve(path), unusable);
  assert.equal(readFileSync(path, 'utf8'), 'precious');
});

test('a live view begins with the status and goes on with what happens', async (t) => {
  const path = socketPath(t);
  using feed = new LiveFeed(() => STATUS);
  await using _server = await serve(path, {
    stream: (response, door) => feed.open(response, door),
  });
  const response = await open(path, '/v1/stream');
  let seen = '';
  response.setEncoding('utf8').on('data', (chunk: string) => (seen += chunk));
  const see = async (what: string): Promise<void> => {
    while (!seen.includes(what))
      await once(response, 'data', { signal: AbortSignal.timeout(5_000) });
  };
  await see('event: status');
  feed.events([EVENT]);
  await see('"host.silent"');
  seen = '';
  feed.statusChanged();
  await see('event: status');
  response.destroy();
});

test('a reader that does not read is cut off, and the others go on', async (t) => {
  const path = socketPath(t);
  using feed = new LiveFeed(() => STATUS);
  await using _server = await serve(path, {
    stream: (response, door) => feed.open(response, door),
  });
  const slow = await open(path, '/v1/stream');
  slow.pause();
  const quick = await open(path, '/v1/stream');
  let heard = 0;
  quick.on('data', () => (heard += 1));
  const cut = once(slow, 'error', { signal: AbortSignal.timeout(20_000) });
  const long = { ...EVENT, text: 'x'.repeat(10_000) };
  // What lies in the kernel's buffers does not count: more than that, and more than may wait.
  for (let i = 0; i < 1_000; i++) {
    feed.events([long]);
    await new Promise((resolve) => setImmediate(resolve));
  }
  slow.resume();
  await cut;
  assert.ok(heard > 100, `the quick reader heard ${heard} pieces`);
  quick.destroy();
});

const ASK = 'GET /v1/status HTTP/1.1\r\nHost: a\r\n\r\n';

/** Everything that is said until the end of the connection. */
async function say(path: string, ...pieces: string[]): Promise<string> {
  const socket = connect(path).setTimeout(20_000, () => socket.destroy());
  for (const piece of pieces) {
    socket.write(piece);
    await new Promise((resolve) => setImmediate(resolve));
  }
  return text(socket);
}

for (const bounds of [{}, { isForLooking: true }] as const) {
  const where = 'isForLooking' in bounds ? 'at a socket for looking' : 'at a socket';

  test(`${where} one request of a connection is answered, and no more`, async (t) => {
    const path = socketPath(t);
    await using _server = await serve(path, {}, bounds);
    assert.match(await say(path, ASK), /^HTTP\/1.1 200 [^]*"oss1"/);
    const all = await say(path, ASK.repeat(1_000)).catch(() => '');
    assert.ok(all.split('HTTP/1.1 200').length <= 2, all.slice(0, 500));
  });

  test(`${where} who sends half a request, or a head without end, is let go`, async (t) => {
    const path = socketPath(t);
    await using _server = await serve(path, {}, { ...bounds, silenceMs: 300 });
    assert.equal(await say(path, ASK.slice(0, 20)), '');
    assert.doesNotMatch(await say(path, `GET / HTTP/1.1\r\nA: ${'x'.repeat(20_000)}`), / 200 /);
    assert.match(await say(path, ASK.slice(0, 20), ASK.slice(20)), / 200 /);
  });

  test(`${where} a connection beyond the bound is closed, and served once a live view is left`, async (t) => {
    const path = socketPath(t);
    using feed = new LiveFeed(() => STATUS);
    const stream: ManagerApi['stream'] = (response, door) => feed.open(response, door);
    await using _server = await serve(path, { stream }, { ...bounds, connectionsMax: 1 });
    const view = await open(path, '/v1/stream');
    assert.equal(await say(path, ASK).catch(() => ''), '');
    view.destroy();
    let answer = '';
    while (!answer.includes(' 200 ')) answer = await say(path, ASK).catch(() => '');
  });
}
