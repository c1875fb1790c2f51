// SPDX-License-Identifier: Apache-2.0
/** What a real manager says that it would do is what its agents' scripts and fence devices are then told. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OrderAnswer, PlanStep } from '../../src/ha/contract.ts';
import type { Verb } from '../../src/ha/core/messages.ts';
import { fencedHosts, untilWell } from './fenced-pair.ts';
import { Cluster } from './manager-cluster.ts';

function pair(cluster: Cluster): string {
  return `
hosts: ${fencedHosts(cluster)}
resources:
  - { name: pool, kind: test/Service, parameters: { of: pool }, dependents: [disk], monitor_interval: 300ms }
  - { name: disk, kind: test/Service, parameters: { of: disk }, dependents: [ip], monitor_interval: 300ms }
  - { name: ip, kind: test/Service, parameters: { of: ip }, monitor_interval: 300ms }
resource_groups: [{ root: pool, home_host: oss1, failover_hosts: [oss2] }]
ha: { mode: manage, heartbeat_timeout: 2s, fencing: { timeout: 5s, check: 1s } }
`;
}

/** As acts.log has it. */
function wordsOf({ action, resource, host }: PlanStep): string {
  return resource === undefined ? `${action} ${host}` : `${action} ${resource} on ${host}`;
}

/** Asks first, sees that nothing comes of it, and then gives the order. */
async function foreseeAndDo(
  cluster: Cluster,
  verb: Verb,
  target: string,
  runsOn: string,
): Promise<readonly string[]> {
  const before = cluster.acts.length;
  const events = await cluster.events();
  const foreseen = await cluster.order(verb, target, { force: true, dryRun: true });
  const plan = (foreseen.plan ?? []).map(wordsOf);
  assert.deepEqual(await cluster.events(), events, 'nothing is recorded of a dry run');
  const { outcome, text }: OrderAnswer = await cluster.order(verb, target, { force: true });
  assert.deepEqual([outcome, text], [foreseen.outcome, foreseen.text]);
  await cluster.untilStatus(`${verb} ${target}`, cluster.runsOn('pool', runsOn));
  assert.deepEqual(cluster.acts.slice(before), plan, `${verb} ${target}`);
  return plan;
}

test('the plan of a dry run is what scripts and fence devices are then told, in that order', async () => {
  await using cluster = new Cluster();
  const agent = await cluster.startAgent('oss1');
  await cluster.startAgent('oss2');
  await cluster.startManager(pair(cluster));
  await untilWell(cluster, 'pool');
  const away = await foreseeAndDo(cluster, 'deactivate', 'oss1', 'oss2');
  assert.equal(away.length, 6);
  assert.deepEqual(await foreseeAndDo(cluster, 'activate', 'oss1', 'oss2'), []);
  assert.equal((await foreseeAndDo(cluster, 'failback', 'oss1', 'oss1')).length, 6);

  const refused = await cluster.order('power-off', 'oss1', { dryRun: true });
  assert.equal(refused.outcome, 'refused');
  assert.deepEqual(refused.plan, []);
  assert.match(refused.text, /group pool runs on it .*--force/);
  const off = await foreseeAndDo(cluster, 'power-off', 'oss1', 'oss2');
  assert.deepEqual(off, [
    'power-off oss1',
    ...['pool', 'disk', 'ip'].map((r) => `start ${r} on oss2`),
  ]);

  const { devices } = await cluster.powerStatus();
  assert.deepEqual(
    devices.map(({ device, power }) => [device, power]),
    [
      ['oss1/power', 'off'],
      ['oss2/power', 'on'],
    ],
  );
  const { hosts, alarms } = await cluster.status();
  assert.deepEqual(alarms, [], 'a host that was switched off is no reason for alarm');
  assert.deepEqual([hosts[0]?.status, hosts[0]?.armed], ['off', true]);

  assert.equal((await cluster.order('power-on', 'oss1')).outcome, 'accepted');
  await cluster.untilStatus('its device says on', (status) => status.hosts[0]?.status !== 'off');
  assert.equal(cluster.acts.at(-1), 'power-on oss1');
  // What boots now is another one: the old run of the agent went with the power.
  await agent.end('SIGKILL');
  await cluster.startAgent('oss1');
  await cluster.untilStatus('it answers', (status) => status.hosts[0]?.status === 'online');
});
