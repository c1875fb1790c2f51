// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { json } from 'node:stream/consumers';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { systemClock } from '../../runtime/clock.ts';
import { Mailbox } from '../../runtime/mailbox.ts';
import type { HaEvent } from '../core/messages.ts';
import { AgentClient } from './agent-client.ts';
import { runOperation } from './operation.ts';
import { Poller } from './poller.ts';

const EPOCH = { journal: 'j', number: 3 };

type Asked = { readonly path: string; readonly body: Record<string, unknown> };

/** A server whose answers the test gives, in the place of an agent. */
async function pretendAgent(
  t: TestContext,
  answer: (asked: Asked, response: ServerResponse, request: IncomingMessage) => unknown,
): Promise<{ port: number; asked: Asked[] }> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    void (async () => {
      const body: unknown = request.method === 'GET' ? {} : await json(request);
      assert.ok(typeof body === 'object' && body !== null);
      const question = { path: request.url ?? '', body: { ...body } };
      asked.push(question);
      const value = await answer(question, response, request);
      if (value !== undefined) response.end(JSON.stringify(value));
    })();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  return { port: address.port, asked };
}

function startPoller(t: TestContext, port: number, heartbeatTimeoutMs = 2_000) {
  const inbox = new Mailbox<HaEvent>();
  const client = new AgentClient('oss1', { address: '127.0.0.1', port });
  const watched = [{ name: 'disk0', kind: 'test/Dummy', parameters: {}, intervalMs: 1_000 }];
  const settings = { host: 'oss1', epoch: EPOCH, holds: true, watched, heartbeatTimeoutMs };
  const clock = systemClock();
  const warnings: object[] = [];
  const log = {
    error() {},
    warn: (what: object) => void warnings.push(what),
    info() {},
    debug() {},
  };
  const poller = new Poller(settings, { client, clock, inbox, log });
  const stop = new AbortController();
  void poller.run(clock.now(), stop.signal);
  t.after(() => {
    stop.abort();
    client[Symbol.dispose]();
  });
  const next = async (): Promise<HaEvent | undefined> => {
    await inbox.wait(clock.now() + 5_000, clock, stop.signal);
    return inbox.take();
  };
  return { poller, next, clock, warnings };
}

const identity = (incarnation: string, host = 'oss1') => ({
  host,
  boot: 'b1',
  kernelBoot: 'k1',
  incarnation,
  version: '0',
  kinds: [],
});
const beat = (incarnation: string, cursor: number) => ({
  host: 'oss1',
  boot: 'b1',
  incarnation,
  cursor,
  resources: [{ resource: 'disk0', exit: 0, begunMsAgo: 400, endedMsAgo: 10, alive: [] }],
});

test('each run of the agent is asked who it is and given the watch list before it is polled', async (t) => {
  let incarnation = 'i1';
  let cursor = 0;
  const { port, asked } = await pretendAgent(t, ({ path }) => {
    if (path === '/v1/identity') return identity(incarnation);
    return path === '/v1/watch' ? {} : beat(incarnation, ++cursor);
  });
  const { next, clock } = startPoller(t, port);
  const first = await next();
  assert.ok(first?.type === 'beat' && first.incarnation === 'i1');
  assert.ok(first.askedAt <= clock.now());
  assert.equal(first.observations[0]?.askedAt, first.askedAt - 400);
  await next();
  incarnation = 'i2';
  while ((await next())?.type !== 'beat' || asked.filter(isIdentity).length < 2);
  await next();
  const paths = asked.map(({ path }) => path.slice('/v1/'.length));
  assert.deepEqual(paths.slice(0, 4), ['identity', 'watch', 'poll', 'poll']);
  assert.deepEqual(asked[2]?.body, { epoch: EPOCH, holds: true, cursor: 0, waitMs: 500 });
  assert.equal(asked[3]?.body['cursor'], 1);
  const again = asked.slice(1).findIndex(isIdentity) + 1;
  assert.deepEqual(paths.slice(again, again + 3), ['identity', 'watch', 'poll']);
  assert.equal(asked[again + 2]?.body['cursor'], 0);
});

const isIdentity = ({ path }: Asked): boolean => path === '/v1/identity';

test('an answer that got lost is asked for again with the same cursor, and is no evidence', async (t) => {
  let polls = 0;
  const { port, asked } = await pretendAgent(t, ({ path }) => {
    if (path === '/v1/identity') return identity('i1');
    if (path === '/v1/watch') return {};
    polls += 1;
    return polls === 2 ? undefined : beat('i1', polls);
  });
  const { next } = startPoller(t, port, 400);
  await next();
  const second = await next();
  assert.equal(second?.type, 'beat');
  const cursors = asked.filter(({ path }) => path === '/v1/poll').map(({ body }) => body['cursor']);
  assert.deepEqual(cursors.slice(0, 3), [0, 1, 1]);
});

test('whoever missed a beat is asked for an answer that is not held', async (t) => {
  let polls = 0;
  const { port, asked } = await pretendAgent(t, ({ path }) => {
    if (path === '/v1/identity') return identity('i1');
    if (path === '/v1/watch') return {};
    polls += 1;
    return polls === 2 ? undefined : beat('i1', polls);
  });
  const { next } = startPoller(t, port, 400);
  for (let beats = 0; beats < 3; beats += 1) await next();
  const waits = asked.filter(({ path }) => path === '/v1/poll').map(({ body }) => body['waitMs']);
  assert.deepEqual(waits.slice(0, 4), [100, 100, 0, 100]);
});

test('a question that is lost after a missed beat is asked again before its time is over', async (t) => {
  let polls = 0;
  const { port, asked } = await pretendAgent(t, ({ path }) => {
    if (path === '/v1/identity') return identity('i1');
    if (path === '/v1/watch') return {};
    polls += 1;
    return polls === 2 || polls === 3 ? undefined : beat('i1', polls);
  });
  const { next, clock } = startPoller(t, port, 2_000);
  await next();
  const heardAt = clock.now();
  assert.equal((await next())?.type, 'beat');
  // A half of it for the beat that was missed, a quarter for the question that was lost.
  const silenceMs = clock.now() - heardAt;
  assert.ok(silenceMs >= 1_500 && silenceMs < 1_900, `${silenceMs} ms`);
  const waits = asked.filter(({ path }) => path === '/v1/poll').map(({ body }) => body['waitMs']);
  assert.deepEqual(waits.slice(0, 4), [500, 500, 0, 0]);
});

test('to be asked at once, the poll that is being held is dropped', async (t) => {
  const { port, asked } = await pretendAgent(t, ({ path, body }) => {
    if (path === '/v1/identity') return identity('i1');
    if (path === '/v1/watch') return {};
    return body['waitMs'] === 0 || body['cursor'] === 0 ? beat('i1', 1) : undefined;
  });
  const { poller, next, clock } = startPoller(t, port, 40_000);
  await next();
  while (asked.length < 4) await clock.turn();
  const orderedAt = clock.now();
  poller.hurry();
  const event = await next();
  assert.ok(event?.type === 'beat' && event.askedAt >= orderedAt);
});

test('a refused connection is told as such', async (t) => {
  const closed = createServer().listen(0, '127.0.0.1');
  await once(closed, 'listening');
  const address = closed.address();
  assert.ok(typeof address === 'object' && address !== null);
  closed.close();
  assert.equal((await startPoller(t, address.port).next())?.type, 'refused');
});

for (const [code, by] of [
  ['superseded', 'higher-epoch'],
  ['other-journal', 'other-journal'],
] as const) {
  test(`an agent that refuses with ${code} is told as such, and asked on until it obeys`, async (t) => {
    let refusals = 0;
    const { port } = await pretendAgent(t, ({ path }, response) => {
      if (path === '/v1/identity') return identity('i1');
      if (refusals === 2) return path === '/v1/watch' ? {} : beat('i1', 1);
      refusals += 1;
      response.statusCode = 409;
      return { code, message: 'not you' };
    });
    const { next, clock } = startPoller(t, port, 400);
    const superseded = { type: 'superseded', host: 'oss1', by, text: 'not you' };
    const begunAt = clock.now();
    assert.partialDeepStrictEqual(await next(), superseded);
    const firstAt = clock.now();
    const second = await next();
    assert.partialDeepStrictEqual(second, superseded);
    assert.ok(clock.now() - firstAt > 75, 'it is asked slowly');
    const askedAt = second?.type === 'superseded' ? second.askedAt : 0;
    assert.ok(askedAt > begunAt && askedAt < clock.now(), 'when it was asked is told');
    assert.equal((await next())?.type, 'beat');
  });
}

test("another host's agent at the address is never taken for this host, nor for silence", async (t) => {
  const { port } = await pretendAgent(t, () => identity('i1', 'oss2'));
  const { poller, next } = startPoller(t, port, 160);
  assert.equal((await next())?.type, 'refused');
  assert.match(poller.problem ?? '', /"oss2" answers/);
});

const STRANGE: Readonly<Record<string, (response: ServerResponse) => unknown>> = {
  'status 500': (response) => void response.writeHead(500).end('out of memory'),
  'a refusal that a poller cannot cause': (response) => {
    response.statusCode = 400;
    return { code: 'bad-request', message: 'what is a cursor?' };
  },
  'no JSON': (response) => void response.end('<html>'),
  'other JSON': () => ({ hello: 'world' }),
  'no HTTP': (response) => void response.socket?.end('220 mail.example ESMTP\r\n'),
  'half an answer': (response) => void response.write('{"host":'),
};

for (const [what, answer] of Object.entries(STRANGE)) {
  test(`${what} proves that the host lives, and the log says what was strange`, async (t) => {
    const { port } = await pretendAgent(t, (_, response) => answer(response));
    const { poller, next, clock, warnings } = startPoller(t, port, 400);
    const event = await next();
    assert.ok(event?.type === 'refused' && event.askedAt <= clock.now());
    assert.match(poller.problem ?? '', /^the agent of oss1: ./);
    assert.deepEqual(warnings, [{ host: 'oss1', text: poller.problem }]);
    await next();
    assert.equal(warnings.length, 1, 'it is said once');
  });
}

test('a connection that was closed while it was idle is no sign of anything', async (t) => {
  const { port } = await pretendAgent(t, (_, response, request) => {
    // Closed after the answer, and without a word: the next question meets a reset.
    response.once('finish', () => setImmediate(() => request.socket.resetAndDestroy()));
    return identity('i1');
  });
  using client = new AgentClient('oss1', { address: '127.0.0.1', port });
  const signal = new AbortController().signal;
  for (let i = 0; i < 20; i++) assert.equal((await client.identity(2_000, signal)).type, 'answer');
});

const COMMAND = {
  type: 'operate',
  host: 'oss1',
  boot: 'b1',
  request: '3.7',
  sequence: 7,
  operation: 'start',
  resource: 'disk0',
  reason: 'it shall run',
} as const;
const DUMMY = { kind: 'test/Dummy', parameters: { a: 'b' }, monitorIntervalMs: 1_000 };

function operate(
  port: number,
  timeouts: { start?: number },
  inbox: Mailbox<HaEvent> = new Mailbox<HaEvent>(),
) {
  const client = new AgentClient('oss1', { address: '127.0.0.1', port });
  const ports = { client, clock: systemClock(), epoch: EPOCH, heartbeatTimeoutMs: 400, inbox };
  const signal = new AbortController().signal;
  return runOperation(COMMAND, { ...DUMMY, timeouts }, ports, signal).finally(() =>
    client[Symbol.dispose](),
  );
}

test('an operation is asked for with the same request until its outcome is there', async (t) => {
  let times = 0;
  const { port, asked } = await pretendAgent(t, (_, response) => {
    times += 1;
    if (times === 1) return void response.destroy();
    const status = { request: '3.7', boot: 'b1', incarnation: 'i1', timeoutMs: 60_000 };
    const outcome = { type: 'exited', code: 0, text: 'mounted' };
    return times === 2 ? status : { ...status, outcome };
  });
  const result = await operate(port, { start: 60_000 });
  assert.deepEqual(result, {
    type: 'operation-result',
    host: 'oss1',
    request: '3.7',
    boot: 'b1',
    incarnation: 'i1',
    outcome: { type: 'exited', code: 0, text: 'mounted' },
  });
  assert.equal(asked.length, 3);
  assert.deepEqual(new Set(asked.map(({ body }) => JSON.stringify(body))).size, 1);
});

test('an order that the agent refuses was not run', async (t) => {
  const { port } = await pretendAgent(t, (_, response) => {
    response.statusCode = 409;
    return { code: 'wrong-boot', message: 'this is boot b2' };
  });
  const { outcome } = await operate(port, {});
  assert.deepEqual(outcome, { type: 'not-run', text: 'this is boot b2' });
});

test('an order to an agent that obeys another manager was not run, and the core hears of that manager', async (t) => {
  const { port } = await pretendAgent(t, (_, response) => {
    response.statusCode = 409;
    return { code: 'other-journal', message: 'not you' };
  });
  const inbox = new Mailbox<HaEvent>();
  const { outcome } = await operate(port, {}, inbox);
  assert.deepEqual(outcome, { type: 'not-run', text: 'not you' });
  const by = 'other-journal';
  const superseded = { type: 'superseded', host: 'oss1', by, text: 'not you' };
  assert.partialDeepStrictEqual(inbox.take(), superseded);
});

test('a refusal after a lost answer leaves open whether it was run', async (t) => {
  let times = 0;
  const { port } = await pretendAgent(t, (_, response) => {
    times += 1;
    if (times === 1) return void response.destroy();
    response.statusCode = 409;
    return { code: 'wrong-boot', message: 'this is boot b2' };
  });
  assert.equal((await operate(port, {})).outcome.type, 'lost');
});

test('where the connection broke under the first copy of an order, a refusal of the second leaves open whether it was run', async (t) => {
  let times = 0;
  const { port } = await pretendAgent(t, (_, response) => {
    times += 1;
    if (times === 1) return { outputs: [] };
    if (times === 2) return void response.destroy();
    response.statusCode = 409;
    return { code: 'wrong-boot', message: 'this is boot b2' };
  });
  using client = new AgentClient('oss1', { address: '127.0.0.1', port });
  const inbox = new Mailbox<HaEvent>();
  const ports = { client, clock: systemClock(), epoch: EPOCH, heartbeatTimeoutMs: 400, inbox };
  const { signal } = new AbortController();
  assert.equal((await client.outputs(1_000, signal)).type, 'answer');
  const { outcome } = await runOperation(COMMAND, { ...DUMMY, timeouts: {} }, ports, signal);
  assert.equal(outcome.type, 'lost');
  assert.equal(times, 3);
});
