// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { groupIdOf, loginOf } from './accounts.ts';
import { peerReader } from './peer-credentials.ts';

test('the kernel says who is at the other end, and nothing of a connection that is gone', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'aureole-peer-'));
  const server = createServer();
  t.after(() => {
    server.close();
    rmSync(directory, { recursive: true, force: true });
  });
  const path = join(directory, 'socket');
  await once(server.listen(path), 'listening');
  const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve));
  const client = connect(path);
  const socket = await accepted;
  const peerOf = await peerReader();
  const peer = peerOf(socket);
  assert.equal(peer?.pid, process.pid);
  assert.equal(peer.uid, process.getuid?.());
  const own = [process.getgid?.(), ...(process.getgroups?.() ?? [])];
  assert.deepEqual(new Set(own), peer.groups);
  socket.destroy();
  client.destroy();
  await once(socket, 'close');
  assert.equal(peerOf(socket), undefined);
});

test('accounts have names, or are called by their numbers', async () => {
  assert.equal(await loginOf(0), 'root');
  assert.equal(await loginOf(3_999_999_999), 'uid 3999999999');
  assert.equal(await groupIdOf('root'), 0);
  assert.equal(await groupIdOf('no-such-group-here'), 'none');
  assert.equal(await groupIdOf('--help'), 'none');
});
