// SPDX-License-Identifier: Apache-2.0
/** A host falls silent, is fenced by a real program, and its group runs on the other one. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { pairConfig, untilWell } from './fenced-pair.ts';
import { Cluster } from './manager-cluster.ts';

test('a silent host is fenced, and only then its group is started on the other one', async () => {
  await using cluster = new Cluster();
  const agent = await cluster.startAgent('oss1');
  await cluster.startAgent('oss2');
  await cluster.startManager(pairConfig(cluster));
  await untilWell(cluster, 'disk');
  agent.signal('SIGSTOP');
  await cluster.untilStatus('the group runs away from home', cluster.runsOn('disk', 'oss2'));
  assert.equal(readFileSync(join(cluster.folder, 'power.oss1'), 'utf8'), 'off\n');
  assert.equal(cluster.told('disk', 'oss2'), 'start');
  const { hosts } = await cluster.status();
  assert.equal(hosts.find((host) => host.name === 'oss1')?.status, 'off');
});

test('a manager that is killed while it fences is followed by one that ends the same fence', async () => {
  await using cluster = new Cluster();
  const agent = await cluster.startAgent('oss1');
  await cluster.startAgent('oss2');
  const first = await cluster.startManager(pairConfig(cluster));
  await untilWell(cluster, 'disk');
  agent.signal('SIGSTOP');
  await first.untilSaid('power off oss1/power');
  await first.end('SIGKILL');
  await cluster.startManager(pairConfig(cluster));
  await cluster.untilStatus('the group runs away from home', cluster.runsOn('disk', 'oss2'));
  const fences = (await cluster.events()).filter((event) => event.name === 'ha.fence.begun');
  assert.equal(fences.length, 1, JSON.stringify(fences));
});
