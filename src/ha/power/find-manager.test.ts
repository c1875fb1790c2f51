// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { CLIENT_LIMITS, haClient } from '../client.ts';
import { Journal } from '../shell/journal.ts';
import { findManager, type FoundManager } from './find-manager.ts';

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'aureole-power-'));
  t.after(() => rmSync(path, { recursive: true }));
  return path;
}

function find(socket: string, journal: string): Promise<FoundManager> {
  const api = haClient(socket, { ...CLIENT_LIMITS, questionMs: 100 });
  return findManager(api, journal, AbortSignal.timeout(5_000));
}

test('nobody at the socket and nobody at the journal is no manager', async (t) => {
  const path = folder(t);
  const socket = join(path, 'manager.sock');
  assert.deepEqual(await find(socket, join(path, 'journal.db')), { type: 'absent', socket });
  {
    using _ended = new Journal(join(path, 'journal.db'));
  }
  assert.deepEqual(await find(socket, join(path, 'journal.db')), { type: 'absent', socket });
});

test('a manager with another socket is no absent one', async (t) => {
  const path = folder(t);
  using _journal = new Journal(join(path, 'journal.db'));
  const refused = find(join(path, 'manager.sock'), join(path, 'journal.db'));
  await assert.rejects(refused, {
    message: /holds the journal .*nothing was switched/,
    details: { code: 'manager-unreachable' },
  });
});

test('a manager that does not answer is no absent one', async (t) => {
  const path = folder(t);
  const socket = join(path, 'manager.sock');
  const server = createServer(() => {}).listen(socket);
  t.after(() => server.close());
  await assert.rejects(find(socket, join(path, 'journal.db')), {
    message: /did not answer .*nothing was switched/,
    details: { code: 'manager-unreachable' },
  });
});
