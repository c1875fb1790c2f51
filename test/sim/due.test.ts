// SPDX-License-Identifier: Apache-2.0
/**
 * A tick leaves out whoever has nothing due. Here it is compared with a core that leaves nobody out and
 * looks at the whole cluster in each tick: both must tell the same story, step by step and word by word.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Storm } from '../../src/ha/sim/storm.ts';
import { plant } from './mutants.ts';

const SEEDS = 60;

const LEAVES_NOBODY_OUT = [
  {
    file: 'ha/core/draft.ts',
    line: 'return this.#ownRests().keysWhere((until) => this.now >= until);',
    broken: 'return this.#ownRests().keysWhere(() => true);',
  },
  {
    file: 'ha/core/draft.ts',
    line: 'return this.#ownKeeps().keysWhere((until) => this.now >= until);',
    broken: 'return this.#ownKeeps().keysWhere(() => true);',
  },
  {
    file: 'ha/core/due.ts',
    line: "if (contact.status !== 'online' || fence !== undefined || off !== undefined) return false;",
    broken: 'if (draft !== undefined) return false;',
  },
  {
    file: 'ha/core/due.ts',
    line: 'keysWhere((host) => missedAt(spec, state, host) < next)',
    broken: 'keys()',
  },
] as const;

function storyOf(storm: Storm): string[] {
  const told: string[] = [];
  const { world } = storm;
  const { onCommand } = world;
  world.onStep = (cause, reason, at) => told.push(`${at} ${cause} ${reason}`);
  world.onCommand = (command, at) => {
    told.push(JSON.stringify(command));
    onCommand(command, at);
  };
  storm.run();
  return told;
}

test('what a tick leaves out would have done nothing', async () => {
  const planted = await plant({ edits: LEAVES_NOBODY_OUT, always: [] });
  try {
    for (let seed = 1; seed <= SEEDS; seed++) {
      assert.deepEqual(storyOf(new Storm(seed)), storyOf(planted.storm(seed)), `seed ${seed}`);
    }
  } finally {
    await planted.remove();
  }
});
