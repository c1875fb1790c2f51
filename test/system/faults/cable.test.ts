// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { hostOf, WatchedTrial } from '../../../src/trial/watched-trial.ts';
import { needs } from '../../needs.ts';
import { LAB_NEEDS } from '../needs-of-the-lab.ts';

const MAIN = join(import.meta.dirname, '..', '..', '..', 'src', 'cli', 'main.ts');
const SKIP = { skip: needs(LAB_NEEDS) };

suite('a pulled cable', SKIP, () => {
  let watched: WatchedTrial;
  before(async () => {
    const directory = mkdtempSync(join(tmpdir(), 'aureole-fault-'));
    const aureole = [process.execPath, MAIN];
    watched = await WatchedTrial.open({ directory, aureole, hosts: ['h1', 'h2'], dependents: 2 });
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
