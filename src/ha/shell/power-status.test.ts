// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'node:test';
import { haMachine } from '../core/cluster-machine.ts';
import { buildCluster, getPreset } from '../sim/scenario-clusters.ts';
import type { FenceDevice, RunFenceDevice } from '../fencing/contract.ts';
import { askPowerStatus } from './power-status.ts';

const never = new AbortController().signal;
const { spec } = buildCluster(getPreset('quad'), new Map([['supplies', '2']]));
const { state } = haMachine(spec, 1).restore(new Map(), 0);
const names = [...spec.hosts.values()].flatMap(({ levels }) => levels.flat());

function parts(runFenceDevice: RunFenceDevice, now = state) {
  const devices = new Map(
    names.map((name): [string, FenceDevice] => [
      name,
      { name, agent: 'fence_x', parameters: new Map(), secrets: [], timeoutMs: 1_000, retries: 0 },
    ]),
  );
  return { config: { spec, devices }, state: now, runFenceDevice };
}

test('every device of the hosts is asked, a few at once, and told in the order of the hosts', async () => {
  let running = 0;
  let most = 0;
  const run: RunFenceDevice = async ({ name }, action) => {
    assert.equal(action, 'status');
    most = Math.max(most, ++running);
    await sleep(5);
    running--;
    return name.endsWith('psu1')
      ? { outcome: 'failed', text: 'no route' }
      : { outcome: 'off', text: 'Status: OFF' };
  };
  const limits = { atOnce: 3, deadlineMs: 5_000 };
  const all = await askPowerStatus([], parts(run), never, limits);
  assert.ok('devices' in all);
  assert.deepEqual(
    all.devices.map(({ device }) => device),
    names,
  );
  assert.equal(most, 3);
  const two = await askPowerStatus(['oss3', 'oss3'], parts(run), never, limits);
  assert.deepEqual(two, {
    devices: [
      { host: 'oss3', device: 'oss3/psu0', power: 'off', text: 'Status: OFF' },
      { host: 'oss3', device: 'oss3/psu1', power: 'unknown', text: 'no route' },
    ],
  });
});

test('a host that there is not is named, and no device is asked', async () => {
  const run: RunFenceDevice = () => assert.fail('asked');
  assert.deepEqual(await askPowerStatus(['oss1', 'oss9'], parts(run), never), { unknown: 'oss9' });
});

test('a host that is being fenced is not asked in between', async () => {
  const machine = haMachine(spec, 1);
  const order = { id: '1', verb: 'power-off', target: 'oss1', force: true } as const;
  const fenced = machine.step(
    state,
    { type: 'order', order: { ...order, operator: 'eve', reason: '' } },
    1,
  ).state;
  const run: RunFenceDevice = () => assert.fail('asked');
  const answer = await askPowerStatus(['oss1'], parts(run, fenced), never);
  assert.ok('devices' in answer);
  for (const { power, text } of answer.devices) {
    assert.equal(power, 'unknown');
    assert.match(text, /a fence of its host is under way/);
  }
});

test('what is left when the time is over is not asked, and said so', async () => {
  const run: RunFenceDevice = (_device, _action, signal) =>
    new Promise((resolve) => {
      signal.addEventListener('abort', () => resolve({ outcome: 'unknown', text: 'ended' }));
    });
  const answer = await askPowerStatus([], parts(run), never, { atOnce: 2, deadlineMs: 20 });
  assert.ok('devices' in answer);
  assert.deepEqual(new Set(answer.devices.map(({ power }) => power)), new Set(['unknown']));
  assert.equal(answer.devices.filter(({ text }) => text.startsWith('not asked')).length, 6);
});
