// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import { Connections } from './connections.ts';

/** Both ends of a connection from an address of the loopback. */
async function pairsFrom(t: TestContext, connections: Connections) {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
  t.after(() => {
    connections.closeAll();
    server.close();
  });
  return async (localAddress: string): Promise<{ end: Socket; admitted: boolean }> => {
    const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve));
    const peer = connect({ host: '127.0.0.1', port, localAddress }).on('error', () => {});
    const end = await accepted;
    t.after(() => peer.destroy());
    return { end, admitted: connections.admit(end) };
  };
}

test('where an address has as many as it may, its oldest idle one gives way', async (t) => {
  const connections = new Connections({ max: 10, perAddressMax: 2 });
  const open = await pairsFrom(t, connections);
  const first = await open('127.0.0.1');
  const second = await open('127.0.0.1');
  const third = await open('127.0.0.1');
  assert.ok(first.end.destroyed && !second.end.destroyed && third.admitted);
  connections.begin(second.end);
  connections.begin(third.end);
  const fourth = await open('127.0.0.1');
  assert.ok(!fourth.admitted && fourth.end.destroyed, 'all are busy');
  connections.end(second.end);
  assert.ok((await open('127.0.0.1')).admitted);
  assert.ok(second.end.destroyed && !third.end.destroyed);
});

test('where there is no more room at all, the address with most of them gives way', async (t) => {
  const connections = new Connections({ max: 4, perAddressMax: 4 });
  const open = await pairsFrom(t, connections);
  const manager = await open('127.0.0.2');
  const flood = [await open('127.0.0.1'), await open('127.0.0.1'), await open('127.0.0.1')];
  const other = await open('127.0.0.3');
  assert.ok(other.admitted && flood[0]?.end.destroyed);
  for (let i = 0; i < 5; i++) await open('127.0.0.1');
  assert.ok(!manager.end.destroyed && !other.end.destroyed);
  assert.equal(connections.count, 4);
});

test('one on which something was asked goes last', async (t) => {
  const connections = new Connections({ max: 10, perAddressMax: 3 });
  const open = await pairsFrom(t, connections);
  const manager = await open('127.0.0.1');
  connections.begin(manager.end);
  connections.end(manager.end);
  for (let i = 0; i < 9; i++) assert.ok((await open('127.0.0.1')).admitted);
  assert.ok(!manager.end.destroyed);
});

test('what is closed makes room', async (t) => {
  const connections = new Connections({ max: 1, perAddressMax: 1 });
  const open = await pairsFrom(t, connections);
  const first = await open('127.0.0.1');
  const closed = once(first.end, 'close');
  first.end.destroy();
  await closed;
  assert.equal(connections.count, 0);
  assert.ok((await open('127.0.0.1')).admitted);
});
