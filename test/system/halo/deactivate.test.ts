// SPDX-License-Identifier: Apache-2.0
/** HALO's tests of hosts that are to hold nothing for a while. */
import assert from 'node:assert/strict';
import { suite } from 'node:test';
import type { Pair } from './pair.ts';
import { scenario } from './scenario.ts';

suite('deactivated hosts', { concurrency: 4 }, () => {
  scenario('deactivate1', 'its group leaves a host, and comes back by failback', async (pair) => {
    await pair.startAll();
    await deactivate(pair);
    await pair.aureole(0, 'activate', 'mds0');
    await pair.untilHost('mds0', ({ active }) => active);
    await pair.failback('mds0');
    await pair.untilShown('Running', 'Running');
    await pair.untilHost('mds1', ({ active }) => active);
  });

  scenario(
    'deactivate2',
    'a deactivated host takes nothing, even when the other one dies',
    async (pair) => {
      await pair.startAll();
      await deactivate(pair);
      pair.cutPower('mds1');
      await pair.untilShown('Unknown', 'Unknown');
      await pair.untilHost('mds0', ({ status, active }) => status === 'online' && !active);
      await pair.untilHost('mds1', ({ status }) => status === 'silent');
      await pair.assertRests('mds0');
      await pair.boot('mds1');
      await pair.untilShown('Running (Failed Over)', 'Running');
      await pair.untilHost('mds0', ({ status }) => status === 'online');
      await pair.untilHost('mds1', ({ status }) => status === 'online');
    },
  );

  scenario('deactivate3', 'failback onto a deactivated host is refused', async (pair) => {
    await pair.startAll();
    await deactivate(pair);
    assert.match(await pair.failback('mds0', 3), /deactivated/);
    await pair.assertRests('mds0', 'mds1');
  });

  scenario('deactivate4', 'what is found on a host deactivated before leaves it', async (pair) => {
    pair.startByHand('mds0', 'zpool_0', 'mdt_0');
    pair.startByHand('mds1', 'zpool_1', 'mdt_1');
    await pair.startManager('--manage-resources');
    await pair.aureole(0, 'deactivate', 'mds0');
    await pair.startAgents('mds0', 'mds1');
    await pair.untilShown('Running (Failed Over)', 'Running');
  });

  scenario('deactivate5', 'an unmanaged group stays on a deactivated host', async (pair) => {
    await pair.startAll();
    await pair.aureole(0, 'unmanage', 'zpool_1');
    await pair.aureole(0, 'deactivate', 'mds1');
    await pair.untilHost('mds1', ({ active }) => !active);
    await pair.assertRests('mds0', 'mds1');
    await pair.untilShown('Running', 'Running');
  });
});

async function deactivate(pair: Pair): Promise<void> {
  await pair.aureole(0, 'deactivate', 'mds0');
  await pair.untilShown('Running (Failed Over)', 'Running');
  await pair.untilHost('mds0', ({ active }) => !active);
  await pair.untilHost('mds1', ({ active }) => active);
}
