// SPDX-License-Identifier: Apache-2.0
/**
 * The manager dies at every point there is: before a save, between the save and the first command,
 * between two commands; once in each run, for each step of a failover and of a failed stop. Counted
 * by a run without a death, so that no point is picked by hand.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildCluster, getPreset } from '../../src/ha/sim/scenario-clusters.ts';
import { Calm, calmFate, Misfortune } from '../../src/ha/sim/scenario-calm.ts';
import { World } from '../../src/ha/sim/world.ts';

const FAULT_AT = 60_000;
const END_AT = 300_000;

type Story = Readonly<{ name: string; fault: (world: World, misfortune: Misfortune) => void }>;

const STORIES: readonly Story[] = [
  { name: 'a host that hangs', fault: (world) => world.host('oss2').freeze() },
  { name: 'a host that loses its power', fault: (world) => world.powerOff('oss2') },
  {
    name: 'a stop that fails',
    fault: (world, misfortune) => {
      misfortune.misbehave('stop', 'ost1', 'oss2', { conduct: { exit: 1 }, times: 1 });
      world.order('deactivate', 'oss2');
    },
  },
];

/** Plays the story; the manager dies at the given one of its points, counted from the fault on. */
function play(story: Story, dieAt: number): { world: World; points: number } {
  const misfortune = new Misfortune();
  let points = 0;
  let isLate = false;
  const fate = {
    ...calmFate(misfortune),
    crashes: (): boolean => isLate && ++points === dieAt,
    downMs: (): number => 2_000,
  };
  const world = new World(buildCluster(getPreset('pair'), new Map()), new Calm(0), fate);
  for (const host of world.all) world.powerOn(host.name);
  world.manager.start();
  world.schedule.runUntil(FAULT_AT);
  assert.deepEqual(world.unsettled(), [], 'all runs before the fault');
  isLate = true;
  story.fault(world, misfortune);
  world.schedule.runUntil(END_AT);
  return { world, points };
}

for (const story of STORIES) {
  test(`${story.name} is failed over wherever the manager dies meanwhile`, () => {
    const { world, points } = play(story, 0);
    assert.deepEqual(world.unsettled(), []);
    const stuck: string[] = [];
    for (let dieAt = 1; dieAt <= points; dieAt++) {
      const left = play(story, dieAt).world.unsettled();
      if (left.length > 0) stuck.push(`death ${dieAt} of ${points}: ${left.join('; ')}`);
    }
    assert.deepEqual(stuck, []);
    assert.ok(points > 50, `only ${points} points`);
  });
}
