// SPDX-License-Identifier: Apache-2.0
/** HALO's tests of a cold start: nothing is started before it is known to run nowhere. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Pair } from './pair.ts';
import { scenario } from './scenario.ts';

suite('a cold start', { concurrency: 4 }, () => {
  test('double_started_resource: what ran on both hosts is found in the end, and told at once', async () => {
    await using pair = new Pair();
    await pair.startAgents('mds0', 'mds1');
    await pair.startManager('--manage-resources');
    await pair.untilShown('Running', 'Running');
    assert.deepEqual(pair.record.doubleStarts(), []);
    pair.startByHand('mds1', 'zpool_0');
    assert.deepEqual(pair.record.doubleStarts(), ['zpool_0']);
    await pair.untilShown('conflict', 'Running');
  });

  scenario('startup1', 'both hosts answer: every group is started at home', async (pair) => {
    await pair.startAgents('mds0', 'mds1');
    await pair.startManager('--manage-resources');
    await pair.untilShown('Running', 'Running');
  });

  scenario('startup2', 'one host never answers: nothing is started', async (pair) => {
    await pair.startAgents('mds0');
    await pair.startManager('--manage-resources');
    await pair.untilHost('mds0', ({ status }) => status === 'online');
    await pair.assertRests('mds0');
    await pair.untilShown('Unknown', 'Unknown');
    assert.deepEqual(pair.record.acts(), []);
  });

  scenario(
    'startup3',
    'a pool runs, its target waits for the other host, that might run it',
    async (pair) => {
      pair.startByHand('mds0', 'zpool_0');
      await pair.startAgents('mds0');
      await pair.startManager('--manage-resources');
      await pair.untilShown('degraded', 'Unknown');
      await pair.assertRests('mds0');
      await pair.startAgents('mds1');
      await pair.untilShown('Running', 'Running');
    },
  );

  scenario(
    'startup4',
    'both pools are found on one host, and are completed there once the other one answers',
    async (pair) => {
      pair.startByHand('mds0', 'zpool_0', 'zpool_1');
      await pair.startAgents('mds0');
      await pair.startManager('--manage-resources');
      await pair.untilShown('degraded', 'degraded');
      await pair.assertRests('mds0');
      await pair.startAgents('mds1');
      await pair.untilShown('Running', 'Running (Failed Over)');
    },
  );

  scenario('startup5', 'the manager is there before the agents', async (pair) => {
    await pair.startManager('--manage-resources');
    await pair.untilShown('Unknown', 'Unknown');
    await pair.startAgents('mds0', 'mds1');
    await pair.untilShown('Running', 'Running');
  });

  scenario('startup6', 'what the host that answers last runs stays there', async (pair) => {
    pair.startByHand('mds0', 'zpool_0', 'zpool_1');
    await pair.startAgents('mds1');
    await pair.startManager('--manage-resources');
    await pair.untilHost('mds1', ({ status }) => status === 'online');
    await pair.assertRests('mds1');
    await pair.untilShown('Unknown', 'Unknown');
    await pair.startAgents('mds0');
    await pair.untilShown('Running', 'Running (Failed Over)');
  });
});
