// SPDX-License-Identifier: Apache-2.0
/** A test of HALO's suite, by its name there, with what is expected as a sentence; and what several expect. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Pair } from './pair.ts';

/** In the end, as in HALO's harness, no resource may have run on both hosts, at any time. */
export function scenario(
  name: string,
  expected: string,
  play: (pair: Pair) => Promise<void>,
): void {
  test(`${name}: ${expected}`, async () => {
    await using pair = new Pair();
    await play(pair);
    assert.deepEqual(pair.record.doubleStarts(), []);
  });
}

/** All acts on record were done by hand, so none was done by the manager. */
export function assertOnlyWatched({ record }: Pair): void {
  assert.deepEqual(record.actsOfScripts(), []);
}
