// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { request, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test, type TestContext } from 'node:test';
import { Hono } from 'hono';
import type { HostView, Status } from '../contract.ts';
import { guard, type DoorEnv } from '../door.ts';
import type { ManagerApi } from '../manager-api.ts';
import { serveOnSocket } from '../shell/socket-server.ts';
import { mountHaloRoutes } from './routes.ts';

const host = (name: string): HostView => ({
  name,
  status: 'online',
  active: true,
  armed: true,
  devices: [],
  reason: '',
});

const STATUS: Status = {
  mode: 'manage',
  acting: true,
  epoch: { journal: 'j', number: 1 },
  hosts: [host('oss1'), host('oss2')],
  groups: [
    {
      name: 'pool',
      homeHost: 'oss1',
      failoverHosts: ['oss2'],
      managed: true,
      status: 'running',
      reason: '',
      resources: [],
    },
  ],
  alarms: [],
};

type HaloApi = Parameters<typeof mountHaloRoutes>[1];

async function serve(t: TestContext, more: Partial<ManagerApi>): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), 'aureole-halo-'));
  const path = join(directory, 'manager.sock');
  const api: HaloApi = {
    status: () => STATUS,
    events: () => [],
    parametersOf: () => ({}),
    order: ({ operator }) => Promise.resolve({ id: '1', outcome: 'accepted', text: operator }),
    clearEvents: () => 1,
    fenceEnd: () => Promise.resolve('off'),
    ...more,
  };
  const app = new Hono<DoorEnv>();
  const sign = () => Promise.resolve({ operator: 'eve', uid: 1_000 });
  app.use(guard({ name: 'main', receive: () => Promise.resolve({ may: 'order', sign }) }));
  mountHaloRoutes(app, api);
  const bounds = { mode: 0o600, connectionsMax: 8, silenceMs: 20_000 } as const;
  const server = await serveOnSocket(app, path, bounds);
  t.after(async () => {
    await server[Symbol.asyncDispose]();
    rmSync(directory, { recursive: true });
  });
  return path;
}

const post = (socketPath: string, path: string, body: string) =>
  request({
    socketPath,
    path,
    method: 'POST',
    agent: false,
    headers: { 'content-type': 'application/json' },
  }).end(body);

test('who goes away while a fence is under way is not waited for any more', async (t) => {
  const asked = Promise.withResolvers<AbortSignal>();
  const path = await serve(t, {
    fenceEnd: async (_host, signal) => {
      asked.resolve(signal);
      await once(signal, 'abort');
      return undefined;
    },
  });
  const client = post(path, '/hosts/oss1', '{"command":"fence"}').on('error', () => {});
  const signal = await asked.promise;
  const gone = once(signal, 'abort', { signal: AbortSignal.timeout(10_000) });
  client.destroy();
  await gone;
});

test('a clear that cannot be written down says so', async (t) => {
  const clearEvents = (): number => {
    throw new Error('the disk is full');
  };
  const path = await serve(t, { clearEvents });
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    post(path, '/clear_events', '').on('response', resolve).on('error', reject);
  });
  assert.equal(answer.statusCode, 500);
  assert.equal(await text(answer), 'Failed to append record to statefile.');
});
