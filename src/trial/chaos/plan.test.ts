// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../../kernel/random.ts';
import { actOf } from './acts.ts';
import { mayBeSwitchedOff } from './blame.ts';
import { ENDS_THE_MANAGER, FAULT_NAMES, kindOf } from './faults.ts';
import { drawShape, planStorm, type Storm } from './plan.ts';

const SEEDS = Array.from({ length: 500 }, (_, i) => i);

function stormOf(seed: number): Storm {
  const random = new Random(seed);
  return planStorm(random, drawShape(random.fork('shape')), false);
}

test('one seed gives one cluster and one storm', () => {
  for (const seed of [1, 2, 3]) assert.deepEqual(stormOf(seed), stormOf(seed));
  assert.notDeepEqual(stormOf(1), stormOf(2));
});

test('clusters have four to eight hosts, and each group another host to go to', () => {
  const shapes = SEEDS.map((seed) => drawShape(new Random(seed)));
  const counts = new Set(shapes.map(({ hosts }) => hosts.length));
  assert.deepEqual(counts, new Set([4, 5, 6, 7, 8]));
  for (const { home, failover } of shapes.flatMap(({ groups }) => groups)) {
    assert.ok(failover.length > 0 && !failover.includes(home));
    assert.equal(new Set(failover).size, failover.length);
  }
});

test('each fault comes about somewhere, and somebody knows how', () => {
  const seen = new Set(SEEDS.flatMap((seed) => stormOf(seed).strikes.map(({ fault }) => fault)));
  assert.deepEqual([...seen].toSorted(), FAULT_NAMES.toSorted());
  for (const fault of FAULT_NAMES) assert.equal(typeof actOf(fault).begin, 'function');
});

test('while a device lies its host is heard, and so is the manager', () => {
  for (const { strikes } of SEEDS.map((seed) => stormOf(seed))) {
    const liar = strikes.find(({ fault }) => fault === 'bmcLies')?.target;
    if (liar === undefined) continue;
    const silenced = strikes.filter(({ fault }) => kindOf(fault).silences === true);
    assert.ok(silenced.every(({ fault }) => kindOf(fault).on === 'host'));
    assert.ok(silenced.every(({ target }) => target !== liar));
  }
});

test('who is spared lives through the storm', () => {
  for (const seed of SEEDS) {
    const random = new Random(seed);
    const shape = drawShape(random.fork('shape'));
    const storm = planStorm(random, shape, true);
    assert.ok(storm.strikes.every(({ fault }) => !ENDS_THE_MANAGER.has(fault)));
    assert.ok(!mayBeSwitchedOff(storm, shape).has(shape.hosts.at(-1) ?? ''));
  }
});
