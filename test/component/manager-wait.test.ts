// SPDX-License-Identifier: Apache-2.0
/** Orders are given to a real manager, and waited for through its own API. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { haClient } from '../../src/ha/client.ts';
import type { AwaitedOrder } from '../../src/ha/commands/settled.ts';
import { waitForOrders, type WaitOutcome } from '../../src/ha/commands/wait.ts';
import { pairConfig, untilWell } from './fenced-pair.ts';
import { Cluster, DEADLINE_MS, type Daemon } from './manager-cluster.ts';

const never = new AbortController().signal;

async function started(cluster: Cluster): Promise<Daemon> {
  await cluster.startAgent('oss1');
  await cluster.startAgent('oss2');
  const manager = await cluster.startManager(pairConfig(cluster));
  await untilWell(cluster, 'disk');
  return manager;
}

async function waitFor(
  cluster: Cluster,
  order: AwaitedOrder,
  timeoutMs = DEADLINE_MS,
  onProgress: (text: string) => void = () => {},
): Promise<WaitOutcome> {
  const api = haClient(cluster.socketOf('manager'));
  const [end] = await waitForOrders(api, [order], { timeoutMs, onProgress }, never);
  assert.ok(end !== undefined);
  return end;
}

test('a move is over when the group runs where it should, and its events are told on the way', async () => {
  await using cluster = new Cluster();
  await started(cluster);
  const told: string[] = [];
  const tell = (text: string): void => void told.push(text);
  assert.equal((await cluster.order('deactivate', 'oss1')).outcome, 'accepted');
  const left = await waitFor(cluster, { verb: 'deactivate', target: 'oss1' }, DEADLINE_MS, tell);
  assert.equal(left.outcome, 'done', left.text);
  assert.equal((await cluster.order('activate', 'oss1')).outcome, 'done');
  await waitFor(cluster, { verb: 'activate', target: 'oss1' });
  assert.equal((await cluster.order('failback', 'oss1')).outcome, 'accepted');
  const home = await waitFor(cluster, { verb: 'failback', target: 'oss1' }, DEADLINE_MS, tell);
  assert.deepEqual([home.outcome, home.text], ['done', 'oss1: at home']);
  assert.ok(cluster.runsOn('disk', 'oss1')(await cluster.status()));
  assert.ok(
    told.some((line) => line.startsWith('disk on oss1: is started')),
    told.join('\n'),
  );
  assert.equal(new Set(told).size, told.length, told.join('\n'));
});

test('a failback whose home host does not take the group fails, and says why', async () => {
  await using cluster = new Cluster();
  await started(cluster);
  await cluster.order('deactivate', 'oss1');
  await waitFor(cluster, { verb: 'deactivate', target: 'oss1' });
  await cluster.untilStatus('it runs there', cluster.runsOn('disk', 'oss2'));
  await cluster.order('activate', 'oss1');
  cluster.failStarts('disk', 'oss1');
  assert.equal((await cluster.order('failback', 'disk')).outcome, 'accepted');
  const end = await waitFor(cluster, { verb: 'failback', target: 'disk' });
  assert.equal(end.outcome, 'failed');
  assert.match(end.text, /disk stays on oss2/);
});

test('a manager that restarts meanwhile is asked again, and a fence is over when it is proven', async () => {
  await using cluster = new Cluster();
  const manager = await started(cluster);
  await cluster.order('fence', 'oss1');
  const ended = waitFor(cluster, { verb: 'fence', target: 'oss1' });
  await manager.end('SIGKILL');
  await cluster.startManager(pairConfig(cluster));
  const end = await ended;
  assert.equal(end.outcome, 'done', end.text);
  assert.ok(cluster.runsOn('disk', 'oss2')(await cluster.status()));
});

test('when the time is over it is unknown, with what is still missing', async () => {
  await using cluster = new Cluster();
  await started(cluster);
  const end = await waitFor(cluster, { verb: 'deactivate', target: 'oss1' }, 500);
  assert.equal(end.outcome, 'unknown');
  assert.match(end.text, /not over after 0.5 s: disk is running: runs on oss1/);
});
