// SPDX-License-Identifier: Apache-2.0
/** HALO's tests of groups that an administrator has taken into his own hands, and gives back. */
import assert from 'node:assert/strict';
import { suite } from 'node:test';
import type { Pair } from './pair.ts';
import { scenario } from './scenario.ts';

suite('unmanaged groups', { concurrency: 4 }, () => {
  for (const [name, host, shown] of [
    ['unmanage1', 'mds0', 'Running'],
    ['unmanage2', 'mds1', 'Running (Failed Over)'],
  ] as const) {
    scenario(name, `stopped and started on ${host} by hand, and never touched`, async (pair) => {
      await unmanagedAndStopped(pair);
      const acts = pair.record.acts().length;
      pair.startByHand(host, 'zpool_0');
      await pair.untilShown('degraded', 'Running');
      await pair.assertRests('mds0', 'mds1');
      await pair.untilRuns('zpool_0', host);
      await pair.untilStopped('mdt_0');
      pair.startByHand(host, 'mdt_0');
      await pair.untilShown(shown, 'Running');
      assert.equal(pair.record.acts().length, acts + 2, 'only what was done by hand');
    });
  }

  scenario('unmanage3', 'managed again, it is started where it ran', async (pair) => {
    await unmanagedAndStopped(pair);
    await pair.aureole(0, 'manage', 'zpool_0');
    await pair.untilShown('Running', 'Running');
  });

  for (const [name, host, shown] of [
    ['unmanage4', 'mds1', 'Running (Failed Over)'],
    ['unmanage5', 'mds0', 'Running'],
  ] as const) {
    scenario(
      name,
      `started by hand on ${host} and managed at once, it stays there`,
      async (pair) => {
        await unmanagedAndStopped(pair);
        pair.startByHand(host, 'zpool_0');
        await pair.aureole(0, 'manage', 'zpool_0');
        await pair.untilShown(shown, 'Running');
      },
    );
  }

  scenario('unmanage6', 'a host that an unmanaged group has left may be fenced', async (pair) => {
    pair.startByHand('mds0', 'zpool_0', 'mdt_0', 'zpool_1', 'mdt_1');
    await pair.startAgents('mds0', 'mds1');
    await pair.startManager('--manage-resources');
    await pair.untilShown('Running', 'Running (Failed Over)');
    await pair.untilProven('mds0', 'mds1');
    await pair.aureole(0, 'unmanage', 'zpool_0');
    pair.stopByHand('mds0', 'mdt_0', 'zpool_0');
    pair.startByHand('mds1', 'zpool_0', 'mdt_0');
    await pair.untilShown('Running (Failed Over)', 'Running (Failed Over)');
    pair.cutPower('mds0');
    await pair.untilShown('Running (Failed Over)', 'Running');
  });
});

async function unmanagedAndStopped(pair: Pair): Promise<void> {
  await pair.startAll();
  await pair.aureole(0, 'unmanage', 'zpool_0');
  const { groups } = await pair.untilShown('Running', 'Running');
  assert.deepEqual(
    groups.map(({ managed }) => managed),
    [false, true],
  );
  pair.stopByHand('mds0', 'mdt_0', 'zpool_0');
  await pair.untilShown('Stopped', 'Running');
}
