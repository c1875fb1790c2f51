// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type Server } from 'node:net';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { systemClock } from '../../runtime/clock.ts';
import { Mailbox } from '../../runtime/mailbox.ts';
import type { NetworkAddress } from '../config/hosts.ts';
import type { HaConfig } from '../config.ts';
import type { HaCommand, HaEvent } from '../core/messages.ts';
import type { FenceDevice, PowerAnswer } from '../fencing/contract.ts';
import { AgentClient } from './agent-client.ts';
import { executor } from './executor.ts';
import { Orders } from './orders.ts';

const DEVICE: FenceDevice = {
  name: 'oss1/ipmi',
  agent: 'fence_ipmilan',
  parameters: new Map(),
  secrets: [],
  timeoutMs: 1_000,
  retries: 0,
};

function configWith(witness?: NetworkAddress): HaConfig {
  return {
    path: 'aureole.yaml',
    spec: {
      mode: 'manage',
      heartbeatTimeoutMs: 2_000,
      agentTimeoutMs: 60_000,
      onAgentTimeout: 'alarm',
      restartAttempts: 3,
      restartWindowMs: 600_000,
      witness: witness !== undefined,
      fencing: {
        timeoutMs: 1_000,
        retryMs: 1_000,
        checkMs: 1_000,
        maxConcurrent: 1,
        maxPerHour: 4,
        onReached: 'alarm',
      },
      hosts: new Map(),
      groups: new Map(),
    },
    hosts: new Map(),
    resources: new Map(),
    devices: new Map([[DEVICE.name, DEVICE]]),
    nodeGroups: new Map(),
    ...(witness !== undefined && { witness }),
  };
}

async function execute(
  command: HaCommand,
  more: { witness?: NetworkAddress; power?: PowerAnswer; agent?: NetworkAddress } = {},
): Promise<HaEvent | undefined> {
  const inbox = new Mailbox<HaEvent>();
  const clock = systemClock();
  const stop = new AbortController();
  const target = { address: '192.0.2.1', port: 8_000 };
  using client = new AgentClient('oss2', more.agent ?? target);
  const run = executor(
    {
      config: { ...configWith(more.witness), hosts: new Map([['oss2', target]]) },
      epoch: { journal: 'j', number: 1 },
      clock,
      inbox,
      clients: more.agent === undefined ? new Map() : new Map([['oss1', client]]),
      runFenceDevice: () => Promise.resolve(more.power ?? { outcome: 'unknown', text: '' }),
      hurry: () => {},
      answerOrder: () => {},
    },
    stop.signal,
  );
  run(command);
  await inbox.wait(clock.now() + 5_000, clock, stop.signal);
  return inbox.take();
}

async function listening(t: TestContext): Promise<{ server: Server; witness: NetworkAddress }> {
  const server = createServer((socket) => socket.end()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  return { server, witness: { address: '127.0.0.1', port: address.port } };
}

test('a witness that can be connected to says yes', async (t) => {
  const { witness } = await listening(t);
  const ask = { type: 'ask-witness', request: '1', deadlineMs: 2_000 } as const;
  assert.deepEqual(await execute(ask, { witness }), {
    type: 'witness-result',
    request: '1',
    outcome: 'yes',
  });
});

test('a witness that refuses, or that nobody configured, is none', async (t) => {
  const { server, witness } = await listening(t);
  server.close();
  await once(server, 'close');
  const ask = { type: 'ask-witness', request: '1', deadlineMs: 2_000 } as const;
  const no = { type: 'witness-result', request: '1', outcome: 'no' };
  assert.deepEqual(await execute(ask, { witness }), no);
  assert.deepEqual(await execute(ask), no);
});

test('what a fence program answered is passed on as it is', async () => {
  const off = { type: 'power', host: 'oss1', request: '2', action: 'status', reason: '' } as const;
  const power = { outcome: 'unknown', text: 'no answer within 1000 ms' } as const;
  const result = { type: 'power-result', host: 'oss1', request: '2' };
  assert.deepEqual(await execute({ ...off, device: DEVICE.name }, { power }), {
    ...result,
    ...power,
  });
  assert.deepEqual(await execute({ ...off, device: 'oss9/ipmi' }, { power }), {
    ...result,
    outcome: 'failed',
    text: 'the configuration has no device oss9/ipmi',
  });
});

test('an order for a host that is not configured was not run, and reaches nobody', async () => {
  const start = {
    type: 'operate',
    host: 'oss9',
    boot: 'b1',
    request: '3',
    sequence: 3,
    operation: 'start',
    resource: 'disk0',
    reason: '',
  } as const;
  const event = await execute(start);
  assert.ok(event?.type === 'operation-result' && event.outcome.type === 'not-run');
  const reach = await execute({
    type: 'reach',
    request: '4',
    from: 'oss9',
    to: 'oss1',
    deadlineMs: 1_000,
  });
  assert.deepEqual(reach, { type: 'reach-result', request: '4', outcome: 'unknown' });
});

for (const [said, outcome] of [
  ['answers', 'yes'],
  ['refused', 'yes'],
  ['silent', 'no'],
  ['unknown', 'unknown'],
] as const) {
  test(`a host that is asked about another one and says ${said} is taken for ${outcome}`, async (t) => {
    const server = createHttpServer((_, response) => {
      response.end(JSON.stringify({ outcome: said }));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => server.close());
    const bound = server.address();
    assert.ok(typeof bound === 'object' && bound !== null);
    const agent = { address: '127.0.0.1', port: bound.port };
    const asked = { request: '5', from: 'oss1', to: 'oss2', deadlineMs: 2_000 };
    const event = await execute({ type: 'reach', ...asked }, { agent });
    assert.deepEqual(event, { type: 'reach-result', request: '5', outcome });
  });
}

const ORDER = {
  verb: 'fence',
  target: 'oss1',
  force: false,
  dryRun: false,
  reason: '',
  operator: '',
  uid: 0,
} as const;

test('an order is answered by its own answer, and orders beyond the bound are turned away', async () => {
  const inbox = new Mailbox<HaEvent>();
  const orders = new Orders(inbox, { waitingMax: 1, deadlineMs: 5_000 });
  const answer = orders.give(ORDER);
  assert.equal(await orders.give(ORDER), 'busy');
  const event = inbox.take();
  assert.ok(event?.type === 'order');
  orders.answer({ id: 'another', outcome: 'done', text: 'not this one' });
  orders.answer({ id: event.order.id, outcome: 'refused', text: 'observe mode' });
  assert.deepEqual(await answer, {
    id: event.order.id,
    outcome: 'refused',
    text: 'observe mode',
  });
});

test('an order that is not answered in time is late, and its place is free again', async (t) => {
  const orders = new Orders(new Mailbox(), { waitingMax: 1, deadlineMs: 20 });
  // The deadline by itself keeps no process alive.
  const awake = setInterval(() => {}, 1_000);
  t.after(() => clearInterval(awake));
  assert.equal(await orders.give(ORDER), 'late');
  assert.equal(await orders.give(ORDER), 'late');
});
