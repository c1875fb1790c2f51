// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { createConnection, createServer } from 'node:net';
import { test } from 'node:test';
import type { Machine } from '../kernel/machine.ts';
import { systemClock } from './clock.ts';
import { Mailbox } from './mailbox.ts';
import { run } from './runner.ts';
import type { Ports } from './runner.ts';

type Word = { readonly type: 'word'; readonly word: string };
type State = { readonly words: readonly string[]; readonly tickAt: number | undefined };

/** Saves and says each word; a tick says "tick" and is wanted once, at `tickAt`. */
function parrot(tickAt?: number): Machine<State, Word, string> {
  const say = (state: State, word: string) => ({
    state: { words: [...state.words, word], tickAt: word === 'tick' ? undefined : state.tickAt },
    saves: [{ key: 'words', value: word }],
    commands: [word],
    reason: 'said',
  });
  return {
    name: 'parrot',
    step: (state, event) => say(state, event.type === 'tick' ? 'tick' : event.word),
    deadline: (state) => state.tickAt,
    restore: () => ({ state: { words: [], tickAt }, saves: [], commands: ['hello'], reason: '' }),
  };
}

function recorder(stopAfter: string, trace: string[], stop: AbortController) {
  const inbox = new Mailbox<Word>();
  const ports: Ports<State, Word, string> = {
    clock: systemClock(),
    inbox,
    commit: (step) => trace.push(...step.saves.map((save) => `save ${String(save.value)}`)),
    execute: (command) => {
      trace.push(`do ${command}`);
      if (command === stopAfter) stop.abort();
    },
    observe: () => {},
  };
  return { inbox, ports };
}

test('each step is saved before its commands go out, and the next event waits for both', async () => {
  const trace: string[] = [];
  const stop = new AbortController();
  const { inbox, ports } = recorder('two', trace, stop);
  void inbox.put({ type: 'word', word: 'one' });
  void inbox.put({ type: 'word', word: 'two' });
  await run(parrot(), new Map(), ports, stop.signal);
  assert.deepEqual(trace, ['do hello', 'save one', 'do one', 'save two', 'do two']);
});

test('a step that cannot be saved ends the run, and its commands never go out', async () => {
  const trace: string[] = [];
  const stop = new AbortController();
  const { inbox, ports } = recorder('never', trace, stop);
  const full = (): void => {
    if (inbox.size === 0) throw new Error('disk full');
  };
  void inbox.put({ type: 'word', word: 'one' });
  await assert.rejects(
    run(parrot(), new Map(), { ...ports, commit: full }, stop.signal),
    /disk full/,
  );
  assert.deepEqual(trace, ['do hello']);
});

test('after a stall, what waits in a socket is taken in before the tick that is overdue', async () => {
  const trace: string[] = [];
  const stop = new AbortController();
  const { inbox, ports } = recorder('tick', trace, stop);
  const server = createServer((socket) => socket.end('beat')).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  const client = createConnection(address.port, '127.0.0.1');
  client.on('data', (data) => void inbox.put({ type: 'word', word: String(data) }));
  const accepted = new Promise((resolve) => server.once('connection', resolve));
  await accepted;
  // The answer is under way now; a stall keeps this process from reading it until the tick is due.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
  await run(parrot(ports.clock.now() - 10), new Map(), ports, stop.signal);
  client.destroy();
  server.close();
  assert.deepEqual(trace, ['do hello', 'save beat', 'do beat', 'save tick', 'do tick']);
});

test('a flood of events cannot keep the machine from its tick', async () => {
  const trace: string[] = [];
  const stop = new AbortController();
  const { inbox, ports } = recorder('tick', trace, stop);
  for (let i = 0; i < 1_100; i++) void inbox.put({ type: 'word', word: 'beat' });
  await run(parrot(ports.clock.now() - 10), new Map(), ports, stop.signal);
  assert.equal(trace.filter((line) => line === 'do beat').length, 1_000);
});

test('a mailbox tells its producer when the event was taken, and refuses to grow without end', async () => {
  const inbox = new Mailbox<string>(1);
  let taken = false;
  const put = inbox.put('beat').then(() => (taken = true));
  assert.throws(() => inbox.put('one too many'), /1 events wait/);
  assert.equal(taken, false);
  assert.equal(inbox.take(), 'beat');
  await put;
  assert.equal(taken, true);
});

test('urgent events are taken before others, and each kind in its own order', () => {
  const inbox = new Mailbox<string>();
  void inbox.put('result 1');
  void inbox.putUrgent('beat 1');
  void inbox.put('result 2');
  void inbox.putUrgent('beat 2');
  const taken = [1, 2, 3, 4].map(() => inbox.take());
  assert.deepEqual(taken, ['beat 1', 'beat 2', 'result 1', 'result 2']);
});

test('told to stop before it began, it does nothing', async () => {
  const trace: string[] = [];
  const stop = new AbortController();
  const { ports } = recorder('never', trace, stop);
  stop.abort();
  await run(parrot(), new Map(), ports, stop.signal);
  assert.deepEqual(trace, []);
});

test('stopping ends a wait at once', async () => {
  const stop = new AbortController();
  const { ports } = recorder('never', [], stop);
  const running = run(parrot(), new Map(), ports, stop.signal);
  setImmediate(() => stop.abort());
  await running;
});
