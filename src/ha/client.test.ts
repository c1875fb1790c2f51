// SPDX-License-Identifier: Apache-2.0
/** The client against real servers on a Unix socket: a good one, and those that one meets at 3 a.m. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createNetServer, type Server as NetServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { AureoleError } from '../kernel/error.ts';
import { CLIENT_LIMITS, haClient, type ClientLimits, type StreamMessage } from './client.ts';
import type { OrderRequest, Status } from './contract.ts';

const folder = mkdtempSync(join(tmpdir(), 'aureole-client-'));
after(() => rmSync(folder, { recursive: true }));

const QUICK: ClientLimits = {
  ...CLIENT_LIMITS,
  questionMs: 200,
  orderMs: 200,
  streamSilenceMs: 200,
  answerBytes: 1_000_000,
};

const STATUS: Status = {
  mode: 'manage',
  acting: true,
  epoch: { journal: 'j', number: 1 },
  hosts: [],
  groups: [],
  alarms: [{ text: 'all\u001B[2J is\nwell' }],
};

const ORDER: OrderRequest = {
  verb: 'fence',
  target: 'oss1',
  force: false,
  dryRun: false,
  reason: '',
  operator: 'eve',
};

let sockets = 0;

/** Runs `use` against the server, and ends it whatever happens. */
async function withServer(
  server: Server | NetServer,
  use: (socket: string) => Promise<void>,
): Promise<void> {
  sockets += 1;
  const socket = join(folder, `${sockets}.sock`);
  await new Promise<void>((resolve) => void server.listen(socket, resolve));
  try {
    await use(socket);
  } finally {
    if ('closeAllConnections' in server) server.closeAllConnections();
    server.close();
  }
}

function withHttp(
  listener: RequestListener,
  use: (socket: string) => Promise<void>,
): Promise<void> {
  return withServer(createServer(listener), use);
}

type Complaint = { readonly code: unknown; readonly effect: string; readonly message: string };

async function complaintOf(question: Promise<unknown>): Promise<Complaint> {
  const error: unknown = await question.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof AureoleError, String(error));
  const details: unknown = error.details;
  assert.ok(typeof details === 'object' && details !== null && 'code' in details);
  assert.doesNotMatch(error.message, /\p{Cc}/u);
  return { code: details.code, effect: error.effect, message: error.message };
}

const never = new AbortController().signal;

test('a status comes as a value, with nothing in it that a terminal obeys', () =>
  withHttp(
    (_request, response) => void response.end(JSON.stringify(STATUS)),
    async (socket) => {
      const status = await haClient(socket).status(never);
      assert.deepEqual(status.alarms, [{ text: 'all is well' }]);
    },
  ));

test('names and filters reach the manager whole', async () => {
  const seen: string[] = [];
  await withHttp(
    (request, response) => {
      seen.push(`${request.method} ${request.url}`);
      response.end('{"events":[],"kind":"group","outputs":[]}');
    },
    async (socket) => {
      await haClient(socket).explain('tankA/ost0', never);
      await haClient(socket).events({ after: 3, limit: 10, group: 'a&b' }, never);
    },
  );
  assert.deepEqual(seen, [
    'GET /v1/explain/tankA%2Fost0',
    'GET /v1/events?after=3&limit=10&group=a%26b',
  ]);
});

test('an order is sent as JSON, and its answer is given back', () =>
  withHttp(
    (request, response) => {
      request.setEncoding('utf8');
      request.on('data', (body: string) => {
        const answer = { id: '1', outcome: 'refused', text: body };
        response.end(JSON.stringify(answer));
      });
    },
    async (socket) => {
      const answer = await haClient(socket).order(ORDER, never);
      assert.deepEqual(JSON.parse(answer.text), ORDER);
    },
  ));

test('where no manager is, the message names the socket and the remedy', async () => {
  const gone = await complaintOf(haClient(join(folder, 'none.sock')).order(ORDER, never));
  assert.equal(gone.code, 'manager-unreachable');
  assert.equal(gone.effect, 'none', 'an order that was never sent was not carried out');
  assert.match(
    gone.message,
    /none\.sock: there is no such socket; start it with `aureole manager`/,
  );
  const file = join(folder, 'plain');
  writeFileSync(file, '');
  const plain = await complaintOf(haClient(file).status(never));
  assert.deepEqual([plain.code, plain.effect], ['manager-unreachable', 'none']);
});

test("where the demo's manager does not run, the message says that it comes back", async () => {
  const socket = join(folder, 'aureole-demo-1000', 'manager.sock');
  const gone = await complaintOf(haClient(socket).status(never));
  assert.match(gone.message, /it comes back in a moment, or start the demo with npm start$/);
});

test('what the manager objects is what the operator reads', () =>
  withHttp(
    (request, response) => {
      const busy = request.method === 'POST';
      response.statusCode = busy ? 503 : 404;
      const code = busy ? 'busy' : 'not-found';
      response.end(JSON.stringify({ code, message: 'no host "a\u0007b"' }));
    },
    async (socket) => {
      const refused = await complaintOf(haClient(socket).explain('ab', never));
      assert.deepEqual(refused, {
        code: 'manager-refused',
        effect: 'none',
        message: 'no host "ab"',
      });
      const busy = await complaintOf(haClient(socket).order(ORDER, never));
      assert.equal(busy.effect, 'none');
    },
  ));

test('an order that broke the manager may have been carried out', () =>
  withHttp(
    (_request, response) => {
      response.statusCode = 500;
      response.end('<h1>oops</h1>');
    },
    async (socket) => {
      const order = await complaintOf(haClient(socket).order(ORDER, never));
      assert.deepEqual([order.effect, order.message], ['unknown', '<h1>oops</h1>']);
      assert.equal((await complaintOf(haClient(socket).status(never))).effect, 'none');
    },
  ));

test('a manager that hangs is given up: a question had no effect, an order may have had one', () =>
  withHttp(
    () => {},
    async (socket) => {
      const question = await complaintOf(haClient(socket, QUICK).status(never));
      assert.deepEqual([question.code, question.effect], ['manager-silent', 'none']);
      const order = await complaintOf(haClient(socket, QUICK).order(ORDER, never));
      assert.deepEqual([order.code, order.effect], ['manager-silent', 'unknown']);
      assert.match(order.message, /look at aureole status and events before you repeat it/);
    },
  ));

test('an answer that trickles is given up like one that never comes', () =>
  withHttp(
    (request, response) => {
      const timer = setInterval(() => response.write(' '), 20);
      request.once('close', () => clearInterval(timer));
    },
    async (socket) => {
      const question = await complaintOf(haClient(socket, QUICK).status(never));
      assert.equal(question.code, 'manager-silent');
    },
  ));

test('an answer without end is cut off at its bound', () =>
  withHttp(
    (request, response) => {
      const more = (): void => {
        while (!request.destroyed && response.write('x'.repeat(65_536)));
      };
      response.on('drain', more);
      more();
    },
    async (socket) => {
      const limits = { ...QUICK, questionMs: 10_000 };
      const question = await complaintOf(haClient(socket, limits).status(never));
      assert.equal(question.code, 'manager-garbled');
      assert.match(question.message, /larger than 1000000 bytes/);
    },
  ));

test('garbage is said to be garbage: no HTTP, no JSON, not what the API promises', async () => {
  const noHttp = createNetServer((connection) => {
    connection.on('error', () => {});
    connection.end('SSH-2.0-OpenSSH\r\n');
  });
  await withServer(noHttp, async (socket) => {
    const question = await complaintOf(haClient(socket).status(never));
    assert.deepEqual([question.code, question.effect], ['manager-garbled', 'none']);
    assert.equal((await complaintOf(haClient(socket).order(ORDER, never))).effect, 'unknown');
  });
  for (const body of [
    '',
    'null',
    '{',
    '{"mode":"manage"}',
    JSON.stringify({ ...STATUS, mode: 'x' }),
  ]) {
    await withHttp(
      (_request, response) => void response.end(body),
      async (socket) => {
        const question = await complaintOf(haClient(socket).status(never));
        assert.equal(question.code, 'manager-garbled', body);
      },
    );
  }
});

test('Ctrl-C ends a question, and says of an order that it is open', () =>
  withHttp(
    () => {},
    async (socket) => {
      const end = new AbortController();
      const order = complaintOf(haClient(socket).order(ORDER, end.signal));
      end.abort();
      assert.deepEqual([(await order).code, (await order).effect], ['interrupted', 'unknown']);
    },
  ));

async function collect(stream: AsyncIterable<StreamMessage>): Promise<string[]> {
  const types: string[] = [];
  for await (const message of stream) types.push(message.type);
  return types;
}

test('the stream gives whole messages, however they are cut, and skips what it does not know', () =>
  withHttp(
    (_request, response) => {
      const event = { id: 1, time: 't', name: 'n', severity: 'info', text: 'ü' };
      const text = [
        `event: status\ndata: ${JSON.stringify(STATUS)}\n\n`,
        ': still here\n\n',
        'event: later\ndata: {}\n\n',
        'event: event\ndata: {\n\n',
        `event: event\r\ndata: ${JSON.stringify(event)}\r\n\r\n`,
        'event: event\ndata: half',
      ].join('');
      for (const byte of Buffer.from(text)) response.write(Buffer.of(byte));
      response.end();
    },
    async (socket) => {
      assert.deepEqual(await collect(haClient(socket).stream(never)), ['status', 'event']);
    },
  ));

test('a stream that falls silent ends, so that its reader can ask again', () =>
  withHttp(
    (_request, response) =>
      void response.write(`event: status\ndata: ${JSON.stringify(STATUS)}\n\n`),
    async (socket) => {
      assert.deepEqual(await collect(haClient(socket, QUICK).stream(never)), ['status']);
    },
  ));

test('a message without end is cut off', () =>
  withHttp(
    (request, response) => {
      const more = (): void => {
        while (!request.destroyed && response.write('x'.repeat(65_536)));
      };
      response.on('drain', more);
      more();
    },
    async (socket) => {
      const stream = collect(haClient(socket, QUICK).stream(never));
      assert.match((await complaintOf(stream)).message, /larger than 1000000 bytes/);
    },
  ));
