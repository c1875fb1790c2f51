// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { hostOf, type WatchedTrial } from '../../../src/trial/watched-trial.ts';
import { openTrial, SKIP } from './open-trial.ts';

suite('a pulled cable', SKIP, () => {
  let watched: WatchedTrial;
  before(async () => {
    watched = await openTrial({ hosts: ['h1', 'h2'], dependents: 2 });
  });
  after(() => watched[Symbol.asyncDispose]());

  test('the host is fenced once, and its group runs on its partner', async () => {
    const { trial } = watched;
    await trial.host('h1').cutCable();
    const status = await watched.untilRuns('g1', 'h2');
    assert.equal(hostOf(status, 'h1').status, 'off');
    assert.equal(trial.host('h1').init, undefined);
    assert.equal(trial.switchedOff('h1'), 1);
    assert.equal(trial.switchedOff('h2'), 0);
    for (const resource of ['g1', 'g1-1', 'g1-2']) {
      assert.deepEqual(trial.holders(resource), ['h2']);
    }
    assert.deepEqual(trial.complaints, []);
  });
});
