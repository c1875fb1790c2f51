// SPDX-License-Identifier: Apache-2.0
/**
 * Peers that mean harm, or are broken, at an agent's HALO port: the agent goes on serving its own API and
 * HALO's manager in time, and its memory stays bounded.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { AgentHost, until } from './agent-host.ts';
import { BAD_CALLS, BAD_MESSAGES, bootstrap, call } from './halo-peer/raw-messages.ts';

const IN_TIME_MS = 5_000;
const GROWTH_BYTES_MAX = 200 * 1_048_576;
const CONNECTIONS = 10_000;
const LANES = [0, 1, 2, 3, 4, 5, 6, 7];
const ELSEWHERE = '127.0.0.2';

async function haloHost(): Promise<AgentHost> {
  const host = new AgentHost();
  await host.start('--halo-compat', '127.0.0.1:0');
  return host;
}

function open(host: AgentHost, localAddress = ELSEWHERE): Socket {
  const socket = connect({ port: host.haloPort, host: '127.0.0.1', localAddress });
  socket.on('error', () => {});
  return socket;
}

/** What is written is received, and the connection lasts. */
async function isServed(socket: Socket, question: number): Promise<void> {
  const answer = once(socket, 'data', { signal: AbortSignal.timeout(IN_TIME_MS) });
  socket.write(call(question));
  await answer;
}

/** HALO's manager, connected before the trouble began, and one of ours. */
class Others implements Disposable {
  readonly #host: AgentHost;
  readonly #manager: Socket;
  #question = 1;

  constructor(host: AgentHost) {
    this.#host = host;
    this.#manager = open(host, '127.0.0.1');
    this.#manager.write(bootstrap(0));
  }

  async areServed(): Promise<void> {
    const begunAt = performance.now();
    this.#question += 1;
    await isServed(this.#manager, this.#question);
    using newcomer = disposable(open(this.#host, '127.0.0.1'));
    newcomer.socket.write(bootstrap(0));
    await isServed(newcomer.socket, 1);
    assert.equal((await this.#host.identity()).host, 'oss1');
    const tookMs = performance.now() - begunAt;
    assert.ok(tookMs < IN_TIME_MS, `${Math.round(tookMs)} ms`);
  }

  [Symbol.dispose](): void {
    this.#manager.destroy();
  }
}

function disposable(socket: Socket): Disposable & { readonly socket: Socket } {
  return { socket, [Symbol.dispose]: () => void socket.destroy() };
}

function residentBytes(host: AgentHost): number {
  const [, kib = ''] =
    /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${host.pid}/status`, 'utf8')) ?? [];
  return Number(kib) * 1_024;
}

test('nonsense ends its own connection only', async () => {
  await using host = await haloHost();
  using others = new Others(host);
  for (const [what, bytes] of Object.entries(BAD_MESSAGES)) {
    const socket = open(host);
    const closed = once(socket, 'close', { signal: AbortSignal.timeout(IN_TIME_MS) });
    socket.resume();
    socket.end(bytes);
    await closed.catch(() => assert.fail(`still open after ${what}`));
  }
  for (const bytes of Object.values(BAD_CALLS)) {
    using peer = disposable(open(host));
    peer.socket.write(Buffer.concat([bootstrap(0), bytes]));
    await isServed(peer.socket, 2);
  }
  await others.areServed();
});

test('whoever stops in the middle of a message, or dribbles it, is closed in the end', async () => {
  await using host = await haloHost();
  using others = new Others(host);
  const half = disposable(open(host));
  const dribbling = disposable(open(host));
  half.socket.write(call(1).subarray(0, 20));
  const begunAt = performance.now();
  const closed = Promise.all([half, dribbling].map(({ socket }) => once(socket.resume(), 'close')));
  const slowly = Buffer.alloc(4_096);
  slowly.writeUInt32LE(4_000, 4);
  const timer = setInterval(() => dribbling.socket.write(slowly.subarray(0, 8)), 200);
  await others.areServed();
  await Promise.race([closed, sleep(15_000, undefined, { ref: false })]);
  clearInterval(timer);
  const tookMs = performance.now() - begunAt;
  assert.ok(tookMs > 8_000 && tookMs < 14_000, `${Math.round(tookMs)} ms`);
});

test('ten thousand connections cost nobody else anything', async () => {
  await using host = await haloHost();
  using others = new Others(host);
  await others.areServed();
  const before = residentBytes(host);
  const sockets: Socket[] = [];
  try {
    for (let count = 0; count < CONNECTIONS; count += 1) {
      const socket = open(host, `127.0.0.${2 + (count % 50)}`);
      sockets.push(socket);
      // Some say nothing, some half a word, some a good one.
      if (count % 3 === 1) socket.write(call(1).subarray(0, 12));
      if (count % 3 === 2) socket.write(bootstrap(0));
      if (count % 500 === 499) await others.areServed();
    }
    await others.areServed();
    assert.ok(residentBytes(host) - before < GROWTH_BYTES_MAX);
  } finally {
    for (const socket of sockets) socket.destroy();
  }
  await others.areServed();
});

test('a peer that asks and never reads is closed', async () => {
  await using host = await haloHost();
  using others = new Others(host);
  for (const lane of LANES) host.script(`loud${lane}`, 'head -c 60000 /dev/zero >&2; exit 1');
  const before = residentBytes(host);
  using deaf = disposable(open(host).pause());
  deaf.socket.write(bootstrap(0));
  // The kernel takes some megabytes in for a peer that does not read.
  for (let question = 1; question <= 220; question += 1) {
    deaf.socket.write(call(question, `test/loud${question % LANES.length}`));
  }
  // It hears of its end by what it writes only.
  await until('the end of the deaf peer', () => {
    if (!deaf.socket.destroyed) deaf.socket.write(bootstrap(1));
    return deaf.socket.destroyed || undefined;
  });
  assert.ok(residentBytes(host) - before < GROWTH_BYTES_MAX);
  await others.areServed();
});

test('peers that flood us wait their turn', async () => {
  await using host = await haloHost();
  using others = new Others(host);
  await others.areServed();
  const before = residentBytes(host);
  const many = Buffer.concat(Array.from({ length: 2_000 }, (_, index) => call(index + 1)));
  const flooding = Array.from({ length: 20 }, () => open(host).resume());
  try {
    for (const socket of flooding) socket.write(Buffer.concat([bootstrap(0), many]));
    for (let round = 0; round < 20; round += 1) {
      for (const socket of flooding) if (socket.writableLength === 0) socket.write(many);
      await others.areServed();
    }
    assert.ok(residentBytes(host) - before < GROWTH_BYTES_MAX);
  } finally {
    for (const socket of flooding) socket.destroy();
  }
  await others.areServed();
});
