// SPDX-License-Identifier: Apache-2.0
/** Peers that stall, flood or never read, at an agent that a manager listens to meanwhile. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { setTimeout as sleep } from 'node:timers/promises';
import { needs } from '../needs.ts';
import { Cluster, until } from './manager-cluster.ts';
import { TestAuthority } from './test-authority.ts';

const options = { skip: needs({ programs: ['openssl'] }) };
/** The managers of this test call a host silent after twice this. */
const HEARTBEAT_MS = 1_000;
const FLOOD = 10_000;
/** More than an agent has without any connection. */
const OWN_FILES = 64;

/** The agent, a manager that hears it, and how to look whether it was ever out of hearing. */
async function start(cluster: Cluster, authority: TestAuthority) {
  authority.pki('issue', 'oss1', '--manager', 'mgmt');
  const { pid } = await cluster.startAgent('oss1', ...authority.flags('host', 'oss1'));
  const port = cluster.portOf('oss1');
  const config = `
hosts: [{ hostname: 'oss1:${port}', address: 127.0.0.1 }]
resources: [{ name: disk, kind: test/Service, parameters: {}, monitor_interval: 300ms }]
resource_groups: [{ root: disk, home_host: oss1, failover_hosts: [] }]
ha: { mode: manage, heartbeat_timeout: ${2 * HEARTBEAT_MS}ms }
`;
  await cluster.startManager(config, 'manager', ...authority.flags('manager', 'mgmt'));
  await cluster.untilStatus('it runs', cluster.runsOn('disk', 'oss1'));
  const wasHeardAllTheTime = async (): Promise<void> => {
    const names = (await cluster.events()).map(({ name }) => name);
    const lost = names.filter((name) => name === 'ha.host.silent' || name === 'ha.host.refused');
    assert.deepEqual(lost, []);
    assert.equal((await cluster.status()).hosts[0]?.status, 'online');
  };
  return { pid, port, wasHeardAllTheTime };
}

/** A connection whose end, however it comes, is noted. */
function open(port: number, localAddress = '127.0.0.1'): Socket & { over?: boolean } {
  const socket: Socket & { over?: boolean } = connect({ host: '127.0.0.1', port, localAddress });
  socket.on('error', () => {}).once('close', () => (socket.over = true));
  return socket;
}

test('one peer that stalls, wherever it does, delays nobody, and is closed', options, async () => {
  using authority = new TestAuthority();
  await using cluster = new Cluster();
  const { port, wasHeardAllTheTime } = await start(cluster, authority);
  const papers = authority.pem('manager', 'mgmt');
  const secure = async (words: string): Promise<Socket & { over?: boolean }> => {
    const tcp = open(port);
    const socket = connectTls({ socket: tcp, ...papers, servername: 'oss1' });
    socket.on('error', () => {}).resume();
    await once(socket, 'secureConnect');
    socket.write(words);
    return tcp;
  };
  const inTcp = open(port);
  const inHandshake = open(port);
  for (const socket of [inTcp, inHandshake]) socket.resume();
  inHandshake.write(Buffer.from([0x16, 3, 1, 2, 0, 1]));
  const stalled = [
    inTcp,
    inHandshake,
    await secure(''),
    await secure('GET /v1/identity HTTP/1.1\r\nHost: oss'),
    await secure('POST /v1/poll HTTP/1.1\r\nHost: oss1\r\nContent-Length: 900\r\n\r\n{'),
  ];
  // In the handshake for 5 s, in the headers for 10 s, in the body for 30 s.
  await until('the end of those that have sent nothing whole', () =>
    stalled.slice(0, 4).every(({ over }) => over === true) ? true : undefined,
  );
  await wasHeardAllTheTime();
  for (const socket of stalled) socket.destroy();
});

test(
  'a peer that floods the port closes its own connections and not those of the manager',
  options,
  async () => {
    using authority = new TestAuthority();
    await using cluster = new Cluster();
    const { pid, port, wasHeardAllTheTime } = await start(cluster, authority);
    using flood = new DisposableStack();
    // From the manager's own address, and from others.
    for (let i = 0; i < FLOOD; i++) {
      const socket = open(port, i % 2 === 0 ? '127.0.0.1' : `127.0.1.${1 + (i % 200)}`);
      flood.defer(() => socket.destroy());
      if (i % 100 === 0) await sleep(10);
    }
    await sleep(2 * HEARTBEAT_MS);
    const files = readdirSync(`/proc/${pid}/fd`).length;
    assert.ok(files < 256 + OWN_FILES, `the agent has ${files} files open`);
    await wasHeardAllTheTime();
    // A manager that comes new finds a place as well, once the last of the flood are through the door.
    const papers = { ...authority.pem('manager', 'mgmt'), servername: 'oss1' };
    await until('a place for a new manager', async () => {
      const socket = connectTls({ socket: open(port), ...papers });
      socket.on('error', () => {});
      const signal = AbortSignal.timeout(5_000);
      const entered = once(socket, 'secureConnect', { signal });
      const isIn = await entered.then(
        () => true,
        () => undefined,
      );
      socket.destroy();
      return isIn;
    });
  },
);
