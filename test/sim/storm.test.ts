// SPDX-License-Identifier: Apache-2.0
/**
 * Storms over simulated clusters. The first seed comes from the commit, so that each commit meets
 * others and each run of one commit the same; SIM_SEED and SIM_COUNT choose otherwise.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Storm } from '../../src/ha/sim/storm.ts';
import { playStorms } from '../../scripts/testing/storms.ts';
import { commitSeed } from '../commit-seed.ts';

const count = Number(process.env['SIM_COUNT'] ?? 400);

test('whatever happens nothing runs twice, nobody is fenced in vain, and in the end all runs', () => {
  const first = commitSeed(process.env['SIM_SEED']);
  const { failed } = playStorms({ first, count, untilMs: Infinity, always: [], trace: false });
  assert.equal(failed, 0, `from seed ${first}`);
});

test('one seed gives one story', () => {
  const story = (seed: number): string[] => {
    const told: string[] = [];
    const storm = new Storm(seed);
    storm.world.onStep = (cause, reason, at) => told.push(`${at} ${cause} ${reason}`);
    storm.run();
    return told;
  };
  assert.deepEqual(story(7), story(7));
});
