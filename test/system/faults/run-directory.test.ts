// SPDX-License-Identifier: Apache-2.0
/** Faults of a host's /run, where its agent keeps what it must remember: full, and read-only. */
import assert from 'node:assert/strict';
import { after, afterEach, before, suite, test } from 'node:test';
import { makeWhole } from './make-whole.ts';
import { groupOf, hostOf, type WatchedTrial } from '../../../src/trial/watched-trial.ts';
import { openTrial, SKIP } from './open-trial.ts';

suite('a /run that takes nothing', SKIP, () => {
  let watched: WatchedTrial;
  before(async () => {
    const ha = { restart_attempts: 100, monitor_interval: '1s' };
    watched = await openTrial({ hosts: ['h1', 'h2'], heartbeatTimeout: '1s', ha });
  });
  afterEach(async () => {
    await makeWhole(watched);
    assert.deepEqual(watched.trial.complaints, []);
  });
  after(() => watched[Symbol.asyncDispose]());

  const faults: readonly [string, string, string][] = [
    ['is full', 'mount -o remount,size=1m /run; cat /dev/zero >/run/filler || :', 'rm /run/filler'],
    ['is read-only', 'mount -o remount,ro /run', 'mount -o remount,rw /run'],
  ];
  for (const [what, shell, mend] of faults) {
    test(`where it ${what} nothing is touched, and the status says why`, async () => {
      const { trial } = watched;
      const h1 = trial.host('h1');
      const mark = trial.mark();
      await h1.run('sh', ['-c', shell]);
      const status = await watched.until('h1 says why', (now) =>
        /answered since the plan.*cannot be written down.*: E/.test(groupOf(now, 'g1').reason),
      );
      assert.equal(hostOf(status, 'h1').status, 'online');
      await h1.run('sh', ['-c', mend]);
      await watched.untilRuns('g1', 'h1');
      assert.deepEqual(trial.since(mark), []);
    });
  }
});
