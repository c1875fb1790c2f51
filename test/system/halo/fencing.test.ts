// SPDX-License-Identifier: Apache-2.0
/** HALO's tests of fencing, by order and without one. */
import assert from 'node:assert/strict';
import { suite } from 'node:test';
import { scenario } from './scenario.ts';

suite('fencing', { concurrency: 4 }, () => {
  scenario(
    'admin_fence1',
    'the group of a host that is fenced by order fails over',
    async (pair) => {
      await pair.startAll();
      await pair.fence(0, 'mds0');
      await pair.untilShown('Running (Failed Over)', 'Running');
      await pair.untilHost('mds0', ({ status }) => status === 'off');
      await pair.untilHost('mds1', ({ status }) => status === 'online');
    },
  );

  scenario(
    'admin_fence2',
    'both groups of a host that is fenced by order fail over',
    async (pair) => {
      pair.startByHand('mds0', 'zpool_0', 'mdt_0', 'zpool_1', 'mdt_1');
      await pair.startAgents('mds0', 'mds1');
      await pair.startManager('--manage-resources');
      await pair.untilShown('Running', 'Running (Failed Over)');
      await pair.untilProven('mds0', 'mds1');
      await pair.fence(0, 'mds0');
      await pair.untilShown('Running (Failed Over)', 'Running');
      await pair.untilHost('mds0', ({ status }) => status === 'off');
      await pair.untilHost('mds1', ({ status }) => status === 'online');
    },
  );

  scenario('admin_fence3', 'nothing moves when an idle host is fenced by order', async (pair) => {
    pair.startByHand('mds0', 'zpool_0', 'mdt_0', 'zpool_1', 'mdt_1');
    await pair.startAgents('mds0', 'mds1');
    await pair.startManager('--manage-resources');
    await pair.untilShown('Running', 'Running (Failed Over)');
    await pair.untilProven('mds0', 'mds1');
    await pair.fence(0, 'mds1');
    await pair.untilHost('mds1', ({ status, armed }) => status === 'off' && !armed);
    await pair.assertRests('mds0');
    await pair.untilShown('Running', 'Running (Failed Over)');
    await pair.untilHost('mds0', ({ status }) => status === 'online');
  });

  scenario(
    'fence_reset1',
    'a host is fenced by itself once, and again after a reset',
    async (pair) => {
      await pair.startAll();
      pair.cutPower('mds1');
      await pair.untilShown('Running', 'Running (Failed Over)');
      await pair.untilHost('mds0', ({ armed }) => armed);
      await pair.untilHost('mds1', ({ armed }) => !armed);
      await pair.bootAndFailback('mds1');
      pair.cutPower('mds1');
      await pair.untilShown('Running', 'Unknown');
      await pair.untilHost('mds1', ({ notFenced }) => notFenced?.includes('reset') === true);
      await pair.assertRests('mds0');
      // Armed again, it is fenced at once: the reset is all that stood in the way.
      await pair.aureole(0, 'reset', 'mds1');
      await pair.untilShown('Running', 'Running (Failed Over)');
      await pair.bootAndFailback('mds1');
      await pair.aureole(0, 'reset', 'mds1');
      pair.cutPower('mds1');
      await pair.untilShown('Running', 'Running (Failed Over)');
      await pair.untilHost('mds0', ({ armed }) => armed);
      await pair.untilHost('mds1', ({ armed }) => !armed);
    },
  );

  scenario(
    'fence_reset2',
    'a host that was fenced is not fenced by order before a reset',
    async (pair) => {
      await pair.startAll();
      pair.cutPower('mds1');
      await pair.untilShown('Running', 'Running (Failed Over)');
      await pair.bootAndFailback('mds1');
      assert.match(await pair.fence(3, 'mds1'), /was fenced already.*--force/);
      await pair.assertRests('mds0', 'mds1');
      await pair.fence(0, 'mds1', '--force');
      await pair.untilShown('Running', 'Running (Failed Over)');
    },
  );

  scenario(
    'auto_fence_illegal1',
    'a dead host with an unmanaged group is not fenced',
    async (pair) => {
      await pair.startAll();
      await pair.aureole(0, 'unmanage', 'zpool_1');
      pair.cutPower('mds1');
      await pair.untilHost('mds1', ({ notFenced }) => notFenced?.includes('unmanaged') === true);
      await pair.untilShown('Running', 'Unknown');
      await pair.assertRests('mds0');
      await pair.untilHost('mds0', ({ armed }) => armed);
      await pair.untilHost('mds1', ({ armed }) => armed);
    },
  );

  scenario(
    'auto_fence_illegal2',
    'a dead host is not fenced when nobody may take its groups',
    async (pair) => {
      await pair.startAll();
      await pair.aureole(0, 'deactivate', 'mds0');
      await pair.untilShown('Running (Failed Over)', 'Running');
      pair.cutPower('mds1');
      await pair.untilHost('mds1', ({ notFenced }) => notFenced?.includes('help') === true);
      await pair.untilShown('Unknown', 'Unknown');
      await pair.assertRests('mds0');
      await pair.untilHost('mds0', ({ armed }) => armed);
      await pair.untilHost('mds1', ({ armed }) => armed);
    },
  );
});
