// SPDX-License-Identifier: Apache-2.0
/** A real manager, real agents, real scripts: what an administrator sees of them. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Status } from '../../src/ha/contract.ts';
import { Cluster } from './manager-cluster.ts';

/** One host, one group of two resources, which nothing can fail over. */
function single(cluster: Cluster, mode: 'manage' | 'observe' = 'manage'): string {
  return `
hosts: [{ hostname: 'oss1:${cluster.portOf('oss1')}', address: 127.0.0.1 }]
resources:
  - { name: disk, kind: test/Service, parameters: {}, dependents: [ip], monitor_interval: 300ms }
  - { name: ip, kind: test/Service, parameters: {}, monitor_interval: 300ms }
resource_groups: [{ root: disk, home_host: oss1, failover_hosts: [] }]
ha: { mode: ${mode}, heartbeat_timeout: 2s }
`;
}

const hostIs =
  (name: string, wanted: Status['hosts'][number]['status']) =>
  ({ hosts }: Status): boolean =>
    hosts.some((host) => host.name === name && host.status === wanted);

test('a manager starts the group in order; its end and its successor leave it running', async () => {
  await using cluster = new Cluster();
  await cluster.startAgent('oss1');
  const first = await cluster.startManager(single(cluster));
  const { epoch } = await cluster.untilStatus('the group runs', cluster.runsOn('disk', 'oss1'));
  assert.ok(!existsSync(join(cluster.folder, 'manager.db.fencing')), 'a full disk is in no way');
  assert.equal(await first.end('SIGTERM'), 0);
  const second = await cluster.startManager(single(cluster));
  const after = await cluster.untilStatus('it is seen to run', cluster.runsOn('disk', 'oss1'));
  assert.equal(after.epoch.journal, epoch.journal);
  assert.ok(after.epoch.number > epoch.number, 'the later manager is the one to obey');
  assert.equal(await second.end('SIGINT'), 0);
  assert.equal(cluster.told('disk', 'oss1'), 'start');
  assert.equal(cluster.told('ip', 'oss1'), 'start');
});

test('a manager that is killed is followed by one that starts nothing twice', async () => {
  await using cluster = new Cluster();
  await cluster.startAgent('oss1');
  const first = await cluster.startManager(single(cluster));
  await cluster.untilStatus('the group runs', cluster.runsOn('disk', 'oss1'));
  await first.end('SIGKILL');
  await cluster.startManager(single(cluster));
  await cluster.untilStatus('it is seen to run', cluster.runsOn('disk', 'oss1'));
  assert.equal(cluster.told('disk', 'oss1'), 'start');
});

test('in observe mode nothing is started, and an order to act is refused', async () => {
  await using cluster = new Cluster();
  await cluster.startAgent('oss1');
  await cluster.startManager(single(cluster, 'observe'));
  const stopped = ({ groups }: Status): boolean =>
    groups.every(({ resources }) => resources.every((one) => one.hosts[0]?.status === 'stopped'));
  await cluster.untilStatus('it is seen to be stopped', stopped);
  assert.equal((await cluster.order('failback', 'oss1')).outcome, 'refused');
  assert.equal(cluster.told('disk', 'oss1'), '');
});

test('a resource that broke is restarted, and the journal says so', async () => {
  await using cluster = new Cluster();
  await cluster.startAgent('oss1');
  await cluster.startManager(single(cluster));
  await cluster.untilStatus('the group runs', cluster.runsOn('disk', 'oss1'));
  cluster.breakService('ip', 'oss1');
  await cluster.untilStatus('it is seen', (status) => !cluster.runsOn('disk', 'oss1')(status));
  await cluster.untilStatus('the group runs again', cluster.runsOn('disk', 'oss1'));
  assert.match(cluster.told('ip', 'oss1'), /^start( stop)? start$/);
  assert.equal(cluster.told('disk', 'oss1').split(' ')[0], 'start');
  const starts = (await cluster.events()).filter((event) => event.resource === 'ip');
  assert.ok(starts.length >= 2, JSON.stringify(starts));
  const explanation = JSON.stringify(await cluster.explain('disk'));
  assert.match(explanation, /"operation":"start"/);
});

test('an agent that dies is shown as refused; with its next run the service is found running', async () => {
  await using cluster = new Cluster();
  const agent = await cluster.startAgent('oss1');
  await cluster.startManager(single(cluster));
  await cluster.untilStatus('the group runs', cluster.runsOn('disk', 'oss1'));
  await agent.end('SIGKILL');
  await cluster.untilStatus('the host is refused', hostIs('oss1', 'refused'));
  await cluster.startAgent('oss1');
  await cluster.untilStatus('the host is online', hostIs('oss1', 'online'));
  await cluster.untilStatus('the group runs', cluster.runsOn('disk', 'oss1'));
  assert.equal(cluster.told('disk', 'oss1'), 'start');
});

test('a manager that was stopped for longer than the time-out blames nobody else for it', async () => {
  await using cluster = new Cluster();
  await cluster.startAgent('oss1');
  const manager = await cluster.startManager(single(cluster));
  await cluster.untilStatus('the group runs', cluster.runsOn('disk', 'oss1'));
  manager.signal('SIGSTOP');
  await new Promise((resolve) => setTimeout(resolve, 5_000));
  manager.signal('SIGCONT');
  const status = await cluster.status();
  assert.ok(hostIs('oss1', 'online')(status), JSON.stringify(status));
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  await cluster.untilStatus('the group runs', cluster.runsOn('disk', 'oss1'));
  const names = (await cluster.events()).map((event) => event.name);
  assert.ok(!names.includes('ha.host.silent'), names.join(' '));
});

test('a second manager, or one whose configuration is wrong, ends with one clear line and code 64', async () => {
  await using cluster = new Cluster();
  await cluster.startAgent('oss1');
  await cluster.startManager(single(cluster));
  const again = cluster.spawnManager(single(cluster));
  assert.equal(await again.end(), 64);
  assert.match(again.said, /^[^\n]*another manager uses this journal[^\n]*\n$/);
  const wrong = cluster.spawnManager('hosts: 7\n', 'wrong');
  assert.equal(await wrong.end(), 64);
  const open = single(cluster).replace('127.0.0.1', '192.0.2.1');
  const insecure = cluster.spawnManager(open, 'open');
  assert.equal(await insecure.end(), 64);
  assert.match(insecure.said, /--insecure/);
});

test('a manager with another journal is not obeyed, and says so', async () => {
  await using cluster = new Cluster();
  await cluster.startAgent('oss1');
  await cluster.startManager(single(cluster));
  await cluster.untilStatus('the group runs', cluster.runsOn('disk', 'oss1'));
  await cluster.startManager(single(cluster), 'other');
  const isAlarmed = ({ alarms }: Status): boolean =>
    alarms.some(({ host, text }) => host === 'oss1' && text.includes('obeys another manager'));
  await cluster.untilStatus('it knows', isAlarmed, 'other');
  assert.ok((await cluster.status()).acting);
  assert.equal(cluster.told('disk', 'oss1'), 'start');
});
