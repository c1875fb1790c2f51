// SPDX-License-Identifier: Apache-2.0
/** The program as a whole, as a shell sees it: words in, lines and exit codes out. */
import assert from 'node:assert/strict';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { EventView, OrderAnswer, Status } from '../ha/contract.ts';
import { chooseSocket } from './socket.ts';

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'aureole-cli-'));
const socket = join(folder, 'manager.sock');
const children = new Set<ChildProcess>();
const orders: unknown[] = [];
let answer: OrderAnswer | number = { id: '1', outcome: 'done', text: 'as you say' };

const STATUS: Status = {
  mode: 'manage',
  acting: true,
  epoch: { journal: 'j', number: 1 },
  hosts: [],
  groups: [],
  alarms: [{ text: 'first' }],
};

function event(id: number, host: string): EventView {
  return {
    id,
    time: '2026-01-01T00:00:00Z',
    name: 'n',
    severity: 'info',
    host,
    text: `event ${id}`,
  };
}

let missed: EventView[] = [];

const awaited: ((stream: ServerResponse) => void)[] = [];

/** The stream of whoever begins to listen next. */
function nextStream(): Promise<ServerResponse> {
  return new Promise((resolve) => void awaited.push(resolve));
}

function write(stream: ServerResponse, name: string, data: unknown): void {
  stream.write(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
}

const routes: RequestListener = (request, response) => {
  const url = new URL(request.url ?? '/', 'http://manager');
  const known = Number(url.searchParams.get('after') ?? 0);
  const send = (body: unknown): void => void response.end(JSON.stringify(body));
  if (url.pathname === '/v1/status') send(STATUS);
  else if (url.pathname === '/v1/events') {
    send({
      events: [event(1, 'oss1'), event(2, 'oss2'), ...missed].filter(({ id }) => id > known),
    });
  } else if (url.pathname === '/v1/stream') {
    write(response, 'status', STATUS);
    awaited.shift()?.(response);
  } else {
    request.setEncoding('utf8');
    request.once('data', (body: string) => {
      orders.push(JSON.parse(body));
      if (typeof answer === 'number') response.statusCode = answer;
      send(answer);
    });
  }
};

const server = createServer(routes);
before(() => new Promise<void>((resolve) => void server.listen(socket, resolve)));
after(() => {
  for (const child of children) child.kill('SIGKILL');
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true });
});

type Ended = { readonly code: number | null; readonly stdout: string; readonly stderr: string };
type Running = {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Waits until standard output has this. */
  readonly says: (text: string) => Promise<void>;
};

function start(args: readonly string[], env: Record<string, string> = {}): Running {
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn(process.execPath, [MAIN, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH, HOME, AUREOLE_SOCKET: socket, ...env },
    timeout: 20_000,
  });
  children.add(child);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const ended = new Promise<Ended>((resolve) => {
    child.once('close', (code) => {
      children.delete(child);
      resolve({ code, stdout, stderr });
    });
  });
  const says = async (text: string): Promise<void> => {
    while (!stdout.includes(text)) {
      const chunk = new Promise<boolean>((resolve) => {
        child.stdout.once('data', () => resolve(true));
        child.stdout.once('end', () => resolve(false));
      });
      assert.ok(
        stdout.includes(text) || (await chunk),
        `never said "${text}", but: ${stdout}${stderr}`,
      );
    }
  };
  return { child, ended, says };
}

function run(args: readonly string[], env: Record<string, string> = {}): Promise<Ended> {
  return start(args, env).ended;
}

test('help and version are answered without a manager', async () => {
  const help = await run(['--help']);
  assert.equal(help.code, 0);
  for (const name of ['status', 'events', 'explain', 'fence', 'failback', 'manager', 'agent']) {
    assert.match(help.stdout, new RegExp(`^ {2}${name} `, 'm'));
  }
  assert.match((await run(['--version'])).stdout, /^\d+\.\d+\.\d+\n$/);
  assert.match((await run(['help', 'fence'])).stdout, /--confirm-off/);
  assert.match((await run(['help', 'events', 'show'])).stdout, /--follow/);
});

test('a mistake in the words is one line on standard error, and exit code 2', async () => {
  const mistakes: readonly (readonly [string[], RegExp])[] = [
    [['stauts'], /^error: unknown command 'stauts' \(Did you mean status\?\)\n$/],
    [['stauts', '--help'], /^error: unknown command 'stauts' .*\n$/],
    [['help', 'stauts'], /^error: unknown command 'stauts' .*\n$/],
    [['status', '--jsn'], /^error: unknown option '--jsn'.*\n$/],
    [['fence', '--reason', 'x'], /^error: missing required argument 'host'\n$/],
    [['fence', 'oss[1', '--reason', 'x'], /^unable to parse 'oss\[1': a bracket is not closed\n$/],
    [
      ['events', '--since', 'noon'],
      /^--since: "noon" is no time: .* \(see aureole events show --help\)\n$/,
    ],
    [['status', '--check', '--watch'], /^--check: looks once: leave out --watch /],
    [['fence', 'oss1'], /^--reason is missing \(see aureole fence --help\)\n$/],
    [['events', '-n', '0'], /^--number: write a whole number from 1 to 1000 .*\n$/],
  ];
  for (const [args, expected] of mistakes) {
    const { code, stdout, stderr } = await run(args);
    assert.match(stderr, expected);
    assert.deepEqual([code, stdout], [2, ''], args.join(' '));
  }
  assert.equal((await run([])).code, 2);
});

test('results go to standard output, as text or JSON', async () => {
  const text = await run(['status']);
  assert.equal(text.stderr, '');
  const lines = text.stdout.split('\n');
  assert.deepEqual(lines.slice(0, 6), [
    'ALARM  first',
    '',
    '',
    'Connected hosts:\t',
    'Disconnected hosts:\t',
    'Events: ',
  ]);
  assert.deepEqual([text.code, lines.length], [0, 9], 'two events, and the end of the last line');
  const json = await run(['status', '--json']);
  assert.deepEqual(JSON.parse(json.stdout), {
    ...STATUS,
    events: [event(1, 'oss1'), event(2, 'oss2')],
  });
  const events = await run(['events', '--json']);
  assert.deepEqual(JSON.parse(events.stdout), [event(1, 'oss1'), event(2, 'oss2')]);
});

test('without a manager the exit code is 5, and the line names socket and remedy', async () => {
  const { code, stderr } = await run(['status', '--socket', join(folder, 'none.sock')]);
  assert.equal(code, 5);
  assert.match(
    stderr,
    /^cannot reach the manager at \S+none\.sock: there is no such socket;[^\n]+\n$/,
  );
});

test('what the demo does not know is refused with what it knows', async () => {
  const { code, stderr } = await run(['demo', 'frobnicate']);
  assert.equal(code, 2);
  assert.match(stderr, /^unknown command 'frobnicate' of the demo: it knows cut, [^\n]+\n$/);
});

test('an order says in its help and in complaints what it takes, a host or a group', async () => {
  const takes = [
    ['deactivate', '<host...>'],
    ['cleanup', '<group...>'],
    ['failback', '[host|group...]'],
  ] as const;
  for (const [verb, what] of takes) {
    const { stdout } = await run([verb, '--help']);
    assert.match(stdout.split('\n')[0] ?? '', new RegExp(`${verb} .*${RegExp.escape(what)}$`));
  }
  const { code, stderr } = await run(['cleanup', '']);
  assert.deepEqual([code, stderr], [2, 'group: write a name (see aureole cleanup --help)\n']);
});

test('the outcome of an order is the exit code', async () => {
  const outcomes = [
    [{ id: '1', outcome: 'accepted', text: 'is about to stop' }, 0],
    [{ id: '1', outcome: 'refused', text: 'it beats' }, 3],
    [500, 4],
  ] as const;
  for (const [given, expected] of outcomes) {
    answer = given;
    const { code } = await run(['manage', 'tankA', '--reason', 'why not'], { SUDO_USER: 'eve' });
    assert.equal(code, expected, JSON.stringify(given));
  }
  answer = { id: '1', outcome: 'done', text: 'as you say' };
  const order = { verb: 'manage', target: 'tankA', reason: 'why not', force: false, dryRun: false };
  assert.deepEqual(orders.at(-1), { ...order, operator: 'eve' });
});

test("an operator's word that a host is off takes its name a second time", async () => {
  const words = ['fence', 'oss1', '--confirm-off', '--reason', 'pulled the plugs'];
  const count = orders.length;
  const unasked = await run(words);
  assert.equal(unasked.code, 3);
  assert.match(unasked.stderr, /there is no terminal: add --again oss1\n$/);
  const mistyped = await run([...words, '--again', 'oss2']);
  assert.deepEqual([mistyped.code, orders.length], [3, count]);
  assert.equal((await run([...words, '--again', 'oss1'])).code, 0);
  const sent = orders.at(-1);
  assert.ok(typeof sent === 'object' && sent !== null && 'verb' in sent);
  assert.equal(sent.verb, 'confirm-off');
});

test('a watch shows what changes, and Ctrl-C ends it cleanly', async () => {
  const listening = nextStream();
  const watch = start(['status', '--watch']);
  const stream = await listening;
  await watch.says('ALARM  first');
  write(stream, 'status', { ...STATUS, alarms: [{ text: 'second' }] });
  await watch.says('ALARM  second');
  watch.child.kill('SIGINT');
  const { code, stdout, stderr } = await watch.ended;
  assert.deepEqual([code, stderr], [0, '']);
  assert.equal(stdout.match(/ALARM {2}first/g)?.length, 1, 'what did not change is shown once');
});

test('events are followed without a gap and without a repetition, as lines of JSON too', async () => {
  const listening = nextStream();
  const follow = start(['events', '--follow', '--json', '--host', 'oss1']);
  const stream = await listening;
  await follow.says('event 2');
  for (const one of [event(2, 'oss1'), event(3, 'oss2'), event(4, 'oss1')]) {
    write(stream, 'event', one);
  }
  await follow.says('event 4');
  follow.child.kill('SIGINT');
  const { code, stdout } = await follow.ended;
  const ids = stdout
    .trim()
    .split('\n')
    .map((line) => /"id":(\d+)/.exec(line)?.[1]);
  assert.deepEqual([code, ids], [0, ['1', '2', '4']]);
});

test('a stream that breaks is taken up again, with what was missed', async () => {
  const first = nextStream();
  const follow = start(['events', '--follow']);
  const broken = await first;
  await follow.says('event 2');
  const second = nextStream();
  missed = [event(3, 'oss1')];
  broken.destroy();
  await second;
  await follow.says('event 3');
  missed = [];
  follow.child.kill('SIGINT');
  const { code, stdout, stderr } = await follow.ended;
  assert.deepEqual([code, stdout.match(/event \d/g)], [0, ['event 1', 'event 2', 'event 3']]);
  assert.match(stderr, /^no usable answer from the manager at \S+: aborted; trying again\n$/);
});

test('a reader that has enough ends the command without a word', async () => {
  const listening = nextStream();
  const follow = start(['events', '--follow']);
  const stream = await listening;
  await follow.says('event 2');
  follow.child.stdout?.destroy();
  for (let id = 10; id < 13; id++) write(stream, 'event', event(id, 'oss1'));
  const { code, stderr } = await follow.ended;
  assert.deepEqual([code, stderr], [0, '']);
});

test(
  'an output that cannot be written is said in one line',
  { skip: !existsSync('/dev/full') },
  () => {
    const full = openSync('/dev/full', 'w');
    try {
      const { status, stderr } = spawnSync(process.execPath, [MAIN, '--version'], {
        stdio: ['ignore', full, 'pipe'],
        encoding: 'utf8',
        timeout: 20_000,
      });
      assert.match(stderr, /^the output could not be written: ENOSPC[^\n]*\n$/);
      assert.equal(status, 1);
    } finally {
      closeSync(full);
    }
  },
);

test("without a manager of its own a machine's demo is spoken to", () => {
  const uid = process.getuid?.() ?? -1;
  const find = (): undefined => undefined;
  const places = { find, uid, defaultSocket: join(folder, 'none'), demoSocket: socket };
  assert.deepEqual(chooseSocket(undefined, places), { path: socket, isDemo: true });
  const named = { path: '/a', isDemo: false };
  assert.deepEqual(chooseSocket('/a', places), named);
  const set = (name: string) => ({ name, value: '/a', from: name });
  assert.deepEqual(chooseSocket(undefined, { ...places, find: set }), named);
  const own = { ...places, defaultSocket: folder };
  assert.deepEqual(chooseSocket(undefined, own), { path: folder, isDemo: false });
  const barred = { ...places, defaultSocket: join(MAIN, 'manager.sock') };
  assert.equal(
    chooseSocket(undefined, barred).isDemo,
    true,
    'what cannot be looked at is not there',
  );
  const others = { ...places, uid: uid + 1 };
  assert.equal(chooseSocket(undefined, others).isDemo, false, "somebody else's socket is no demo");
});
