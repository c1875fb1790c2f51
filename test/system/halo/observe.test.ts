// SPDX-License-Identifier: Apache-2.0
/** HALO's tests of observe mode: the manager shows what it sees, wherever it runs, and starts nothing. */
import { suite } from 'node:test';
import { assertOnlyWatched, scenario } from './scenario.ts';

suite('observe mode', { concurrency: 4 }, () => {
  scenario('observe1', 'nothing runs: nothing is started', async (pair) => {
    await pair.startAgents('mds0', 'mds1');
    await pair.startManager();
    await pair.untilShown('Stopped', 'Stopped');
    await pair.assertRests('mds0', 'mds1');
    assertOnlyWatched(pair);
  });

  scenario('observe2', 'everything runs on one host: that is where it is shown', async (pair) => {
    pair.startByHand('mds0', 'zpool_0', 'mdt_0', 'zpool_1', 'mdt_1');
    await pair.startAgents('mds0', 'mds1');
    await pair.startManager();
    await pair.untilShown('Running', 'Running (Failed Over)');
    assertOnlyWatched(pair);
  });

  for (const [name, host, shown] of [
    ['observe3', 'mds1', 'Running'],
    ['observe4', 'mds0', 'Running (Failed Over)'],
  ] as const) {
    scenario(name, `a group stopped by hand is found again on ${host}`, async (pair) => {
      pair.startByHand('mds0', 'zpool_0', 'mdt_0');
      pair.startByHand('mds1', 'zpool_1', 'mdt_1');
      await pair.startAgents('mds0', 'mds1');
      await pair.startManager();
      await pair.untilShown('Running', 'Running');
      pair.stopByHand('mds1', 'mdt_1', 'zpool_1');
      await pair.untilShown('Running', 'Stopped');
      await pair.assertRests('mds0', 'mds1');
      pair.startByHand(host, 'zpool_1', 'mdt_1');
      await pair.untilShown('Running', shown);
      assertOnlyWatched(pair);
    });
  }

  scenario('observe_missing_agent1', 'both groups run on the host that answers', async (pair) => {
    pair.startByHand('mds0', 'zpool_0', 'mdt_0', 'zpool_1', 'mdt_1');
    await pair.startAgents('mds0');
    await pair.startManager();
    await pair.untilShown('Running', 'Running (Failed Over)');
    assertOnlyWatched(pair);
  });

  scenario('observe_missing_agent2', 'a group that appears later is shown', async (pair) => {
    pair.startByHand('mds0', 'zpool_0', 'mdt_0');
    await pair.startAgents('mds0');
    await pair.startManager();
    await pair.untilShown('Running', 'Unknown');
    await pair.assertRests('mds0');
    pair.startByHand('mds0', 'zpool_1', 'mdt_1');
    await pair.untilShown('Running', 'Running (Failed Over)');
    assertOnlyWatched(pair);
  });

  scenario(
    'observe_missing_agent3',
    'a host that answers later shows what it runs',
    async (pair) => {
      pair.startByHand('mds0', 'zpool_0', 'mdt_0');
      pair.startByHand('mds1', 'zpool_1', 'mdt_1');
      await pair.startAgents('mds0');
      await pair.startManager();
      await pair.untilShown('Running', 'Unknown');
      await pair.startAgents('mds1');
      await pair.untilShown('Running', 'Running');
      assertOnlyWatched(pair);
    },
  );

  scenario(
    'observe_missing_agent4',
    'a dead host is not fenced, whoever moves its group',
    async (pair) => {
      pair.startByHand('mds0', 'zpool_0', 'mdt_0');
      pair.startByHand('mds1', 'zpool_1', 'mdt_1');
      await pair.startAgents('mds0', 'mds1');
      await pair.startManager();
      await pair.untilShown('Running', 'Running');
      pair.cutPower('mds1');
      await pair.untilShown('Running', 'Unknown');
      pair.startByHand('mds0', 'zpool_1', 'mdt_1');
      await pair.untilShown('Running', 'Running (Failed Over)');
      await pair.untilHost(
        'mds1',
        ({ fence, status }) => fence === undefined && status === 'silent',
      );
      assertOnlyWatched(pair);
    },
  );

  scenario('observe_missing_agent5', 'agents end and come back, services run on', async (pair) => {
    pair.startByHand('mds0', 'zpool_0', 'mdt_0');
    pair.startByHand('mds1', 'zpool_1', 'mdt_1');
    await pair.startAgents('mds0', 'mds1');
    await pair.startManager();
    await pair.untilShown('Running', 'Running');
    await pair.killAgent('mds0');
    await pair.killAgent('mds1');
    await pair.untilShown('Unknown', 'Unknown');
    await pair.startAgents('mds1');
    await pair.untilShown('Unknown', 'Running');
    await pair.startAgents('mds0');
    await pair.untilShown('Running', 'Running');
    assertOnlyWatched(pair);
  });

  scenario(
    'observe_missing_agent6',
    'a group moved by hand is unknown until its host answers',
    async (pair) => {
      pair.startByHand('mds0', 'zpool_0', 'mdt_0');
      pair.startByHand('mds1', 'zpool_1', 'mdt_1');
      await pair.startAgents('mds0', 'mds1');
      await pair.startManager();
      await pair.killAgent('mds0');
      pair.stopByHand('mds1', 'mdt_1', 'zpool_1');
      await pair.untilShown('Unknown', 'Unknown');
      pair.startByHand('mds0', 'zpool_1', 'mdt_1');
      await pair.startAgents('mds0');
      await pair.untilShown('Running', 'Running (Failed Over)');
      assertOnlyWatched(pair);
    },
  );
});
