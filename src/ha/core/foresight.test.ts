// SPDX-License-Identifier: Apache-2.0
/** The comparison with real runs is in test/sim/foresight.test.ts; here is what they cannot show. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Calm, calmFate, Misfortune } from '../sim/scenario-calm.ts';
import { buildCluster, getPreset } from '../sim/scenario-clusters.ts';
import { World } from '../sim/world.ts';
import { foresight, type Foresight } from './foresight.ts';
import { Table } from '../../kernel/table.ts';
import type { Verb } from './messages.ts';
import type { ClusterState } from './state.ts';

function started(untilMs: number): World {
  const shape = buildCluster(getPreset('pair'), new Map());
  const world = new World(shape, new Calm(0), calmFate(new Misfortune()));
  for (const { name } of world.all) world.powerOn(name);
  world.schedule.runUntil(25_000);
  world.manager.start();
  world.schedule.runUntil(25_000 + untilMs);
  return world;
}

function foresee(world: World, verb: Verb, target: string): Foresight {
  const { state } = world.manager;
  assert.ok(state !== undefined);
  const before = imageOf(state);
  const order = { id: '', verb, target, force: false, operator: '', reason: '' };
  const seen = foresight(world.spec)(state, order, world.schedule.now);
  assert.equal(imageOf(state), before, 'looking ahead changes nothing');
  return seen;
}

function imageOf(state: ClusterState): string {
  return JSON.stringify(state, (_, value: unknown) =>
    value instanceof Map || value instanceof Table ? [...value] : value,
  );
}

function words({ plan }: Foresight): string[] {
  return plan.map(({ action, resource, host }) => `${action} ${resource ?? ''} on ${host}`);
}

test('what is done anyway is left out of the plan, and the text says so', () => {
  // Both pools are being started at home at this moment, their targets not yet.
  const seen = foresee(started(1_000), 'deactivate', 'oss1');
  assert.deepEqual(words(seen), [
    'stop pool0 on oss1',
    'start pool0 on oss2',
    'start ost0 on oss2',
  ]);
  assert.match(seen.text, /left out, since it is due anyway: 1$/);
});

test('in a settled cluster the answer is that of the real order, and nothing else is in the plan', () => {
  const seen = foresee(started(60_000), 'deactivate', 'oss1');
  assert.equal(seen.text, 'oss1 takes no groups; managed ones leave it');
  assert.equal(seen.plan.length, 4);
  assert.deepEqual(new Set(seen.plan.map(({ group }) => group)), new Set(['pool0']));
});

test('a fence that has to wait first is foreseen all the same', () => {
  const world = started(60_000);
  const { state } = world.manager;
  assert.ok(state !== undefined);
  const { now } = world.schedule;
  const order = { id: '', target: 'oss1', force: true, operator: '', reason: '' } as const;
  // As after a stall of the manager: off is told only once it has listened for a while.
  const seen = foresight(world.spec)(
    { ...state, listenSince: now },
    { ...order, verb: 'power-off' },
    now,
  );
  assert.match(words(seen)[0] ?? '', /^power-off .*oss1$/);
});

test('what would be refused is refused, with its reason and without a plan', () => {
  const seen = foresee(started(60_000), 'power-off', 'oss1');
  assert.equal(seen.outcome, 'refused');
  assert.match(seen.text, /group pool0 runs on it/);
  assert.deepEqual(seen.plan, []);
});

test('a silent host stays silent, and a fence that is due without the order is not the order’s', () => {
  const world = started(360_000);
  world.host('oss2').freeze();
  world.schedule.runUntil(world.schedule.now + 9_000);
  const seen = foresee(world, 'deactivate', 'oss1');
  assert.equal(seen.outcome, 'accepted');
  assert.ok(
    seen.plan.every(({ action }) => action !== 'power-off'),
    words(seen).join(', '),
  );
});
