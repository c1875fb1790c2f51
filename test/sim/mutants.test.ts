// SPDX-License-Identifier: Apache-2.0
/** The checker is awake: each core that ignores a fault of the world is caught, and the whole one is not. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Violation } from '../../src/ha/sim/checker.ts';
import { Storm } from '../../src/ha/sim/storm.ts';
import { MUTANTS, plant } from './mutants.ts';

const SEEDS_MAX = 600;

type Played = Readonly<{ seed: number; kind: string }>;

/** The first seed of which the simulation says what it must. */
function firstCatch(play: (seed: number) => void, kind: string, from: number): Played | undefined {
  for (let seed = from; seed < from + SEEDS_MAX; seed++) {
    try {
      play(seed);
    } catch (error) {
      // A planted core has a Violation of its own: the name tells, the class cannot.
      if (!(error instanceof Error) || !('kind' in error)) throw error;
      if (error.kind === kind) return { seed, kind };
    }
  }
  return undefined;
}

for (const mutant of MUTANTS) {
  test(`a core is caught that ignores ${mutant.ignores}`, async () => {
    const planted = await plant(mutant);
    try {
      const caught = firstCatch(
        (seed) => planted.storm(seed).run(),
        mutant.caught,
        mutant.from ?? 1,
      );
      assert.notEqual(caught, undefined, `not caught in ${SEEDS_MAX} schedules`);
      const seed = caught?.seed ?? 0;
      assert.doesNotThrow(() => new Storm(seed, mutant.always).run(), Violation);
    } finally {
      await planted.remove();
    }
  });
}
