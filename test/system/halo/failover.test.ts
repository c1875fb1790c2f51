// SPDX-License-Identifier: Apache-2.0
/** HALO's tests of failover and failback. Where it ends an agent, the power of a host is cut here: see README.md. */
import assert from 'node:assert/strict';
import { suite } from 'node:test';
import { scenario } from './scenario.ts';

suite('failover and failback', { concurrency: 4 }, () => {
  scenario('failover1', 'the group of a dead host runs on the other one', async (pair) => {
    await pair.startAll();
    pair.cutPower('mds1');
    await pair.untilShown('Running', 'Running (Failed Over)');
  });

  scenario('failover2', 'both groups of a dead host run on the other one', async (pair) => {
    pair.startByHand('mds0', 'zpool_0', 'mdt_0', 'zpool_1', 'mdt_1');
    await pair.startAgents('mds0', 'mds1');
    await pair.startManager('--manage-resources');
    await pair.untilShown('Running', 'Running (Failed Over)');
    await pair.untilProven('mds0', 'mds1');
    pair.cutPower('mds0');
    await pair.untilShown('Running (Failed Over)', 'Running');
  });

  scenario('failover3', 'failback brings home what is at home on that host', async (pair) => {
    pair.startByHand('mds1', 'zpool_0', 'mdt_0');
    pair.startByHand('mds0', 'zpool_1', 'mdt_1');
    await pair.startAgents('mds0', 'mds1');
    await pair.startManager('--manage-resources');
    await pair.untilShown('Running (Failed Over)', 'Running (Failed Over)');
    await pair.failback('mds0');
    await pair.untilShown('Running', 'Running (Failed Over)');
    await pair.failback('mds1');
    await pair.untilShown('Running', 'Running');
  });

  scenario('failover4', 'failback of what is at home does nothing', async (pair) => {
    await pair.startAll();
    const before = pair.record.acts();
    await pair.failback('mds0');
    await pair.failback('mds1');
    await pair.assertRests('mds0', 'mds1');
    await pair.untilShown('Running', 'Running');
    assert.deepEqual(pair.record.acts(), before);
  });

  scenario('failover5', 'a host that is back gets its group by failback only', async (pair) => {
    await pair.startAll();
    pair.cutPower('mds1');
    await pair.untilShown('Running', 'Running (Failed Over)');
    await pair.boot('mds1');
    await pair.untilHost('mds1', ({ status }) => status === 'online');
    await pair.assertRests('mds0', 'mds1');
    await pair.failback('mds1');
    await pair.untilShown('Running', 'Running');
  });
});
