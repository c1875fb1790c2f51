// SPDX-License-Identifier: Apache-2.0
/** HALO's tests of what a manager knows that is started anew. */
import assert from 'node:assert/strict';
import { suite } from 'node:test';
import { scenario } from './scenario.ts';

suite('a new manager', { concurrency: 4 }, () => {
  scenario('state', 'what operators said last is still so', async (pair) => {
    await pair.startManager('--manage-resources');
    await pair.aureole(0, 'activate', 'mds0');
    await pair.aureole(0, 'deactivate', 'mds0');
    await pair.aureole(0, 'unmanage', 'zpool_1');
    await pair.killManager();
    await pair.startManager('--manage-resources');
    const { hosts, groups } = await pair.status();
    assert.deepEqual(
      hosts.map(({ active }) => active),
      [false, true],
    );
    assert.deepEqual(
      groups.map(({ managed }) => managed),
      [true, false],
    );
  });

  scenario('restart_fence', 'a new manager knows whom the one before fenced', async (pair) => {
    await pair.startAll();
    pair.cutPower('mds1');
    await pair.untilShown('Running', 'Running (Failed Over)');
    await pair.killManager();
    const before = pair.record.acts();
    await pair.startManager('--manage-resources');
    await pair.untilShown('Running', 'Running (Failed Over)');
    await pair.untilHost('mds0', ({ armed }) => armed);
    await pair.untilHost('mds1', ({ armed, status }) => !armed && status === 'off');
    assert.deepEqual(pair.record.acts(), before);
  });

  scenario(
    'restart_fence2',
    'what was stopped meanwhile is started where its host is not off',
    async (pair) => {
      await pair.startAll();
      pair.cutPower('mds1');
      await pair.untilShown('Running', 'Running (Failed Over)');
      await pair.killManager();
      pair.stopByHand('mds0', 'mdt_1', 'zpool_1');
      await pair.startManager('--manage-resources');
      await pair.untilHost('mds0', ({ status }) => status === 'online');
      await pair.untilHost('mds1', ({ status, armed }) => status === 'off' && !armed);
      await pair.untilShown('Running', 'Running (Failed Over)');
    },
  );
});
