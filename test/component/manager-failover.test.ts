// SPDX-License-Identifier: Apache-2.0
/** A host falls silent, is fenced by a real program, and its group runs on the other one. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Cluster } from './manager-cluster.ts';

function pair(cluster: Cluster): string {
  const host = (name: string): string => `
  - hostname: ${name}:${cluster.portOf(name)}
    address: 127.0.0.1
    fencing: [[{ name: power, agent: ${cluster.fenceProgram}, parameters: { plug: ${name} } }]]`;
  return `
hosts: ${host('oss1')} ${host('oss2')}
resources: [{ name: disk, kind: test/Service, parameters: {}, monitor_interval: 300ms }]
resource_groups: [{ root: disk, home_host: oss1, failover_hosts: [oss2] }]
ha: { mode: manage, heartbeat_timeout: 2s, fencing: { timeout: 5s, check: 1s } }
`;
}

test('a silent host is fenced, and only then its group is started on the other one', async () => {
  await using cluster = new Cluster();
  const agent = await cluster.startAgent('oss1');
  await cluster.startAgent('oss2');
  await cluster.startManager(pair(cluster));
  await cluster.untilStatus('the group runs at home', cluster.runsOn('disk', 'oss1'));
  await cluster.untilStatus('its devices are proven', ({ hosts }) =>
    hosts.every((host) => host.devices.every((device) => device.trust === 'proven')),
  );
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
  const first = await cluster.startManager(pair(cluster));
  await cluster.untilStatus('the group runs at home', cluster.runsOn('disk', 'oss1'));
  await cluster.untilStatus('its devices are proven', ({ hosts }) =>
    hosts.every((host) => host.devices.every((device) => device.trust === 'proven')),
  );
  agent.signal('SIGSTOP');
  await first.untilSaid('power off oss1/power');
  await first.end('SIGKILL');
  await cluster.startManager(pair(cluster));
  await cluster.untilStatus('the group runs away from home', cluster.runsOn('disk', 'oss2'));
  const fences = (await cluster.events()).filter((event) => event.name === 'ha.fence.begun');
  assert.equal(fences.length, 1, JSON.stringify(fences));
});
