// SPDX-License-Identifier: Apache-2.0
/** HALO's test of `power`, without a manager as there, and what a manager adds. */
import assert from 'node:assert/strict';
import { suite } from 'node:test';
import { scenario } from './scenario.ts';

suite('power', { concurrency: 4 }, () => {
  scenario('fencing', 'power is told, cut, and back, without a manager', async (pair) => {
    const direct = ['--config', pair.config];
    pair.cutPower('mds0');
    assert.match(await pair.aureole(0, 'power', 'status', 'mds0', ...direct), /^mds0 is off$/m);
    await pair.boot('mds0');
    const all = await pair.aureole(0, 'power', 'status', ...direct);
    assert.match(all, /^mds0 is on$/m);
    assert.match(all, /^mds1 is on$/m);
    const refused = await pair.aureole(3, 'power', 'off', 'mds0', ...direct);
    assert.match(refused, /nobody knows what runs on it: --force/);
    const off = await pair.aureole(0, 'power', 'off', 'mds0', '--force', ...direct);
    assert.match(off, /no manager will know of it/);
    assert.match(off, /mds0: done: is off/);
    assert.match(await pair.aureole(0, 'power', 'on', 'mds0', ...direct), /mds0: done: is on/);
    await pair.boot('mds0');
    assert.match(await pair.aureole(0, 'power', 'status', 'mds0', ...direct), /^mds0 is on$/m);
  });

  scenario('power through the manager', 'a host that carries a group stays on', async (pair) => {
    await pair.startAll();
    assert.match(await pair.aureole(0, 'power', 'status', 'mds[0-1]'), /mds0 is on\nmds1 is on/);
    assert.match(await pair.aureole(3, 'power', 'off', 'mds0'), /group zpool_0 runs on it/);
    await pair.assertRests('mds0', 'mds1');
    await pair.aureole(0, 'deactivate', 'mds0');
    await pair.untilShown('Running (Failed Over)', 'Running');
    await pair.aureole(0, 'power', 'off', 'mds0', '--reason', 'new memory');
    await pair.untilHost('mds0', ({ status }) => status === 'off');
    assert.match(await pair.aureole(0, 'power', 'status', 'mds0'), /mds0 is off/);
    await pair.aureole(0, 'power', 'on', 'mds0');
    await pair.untilPower('mds0', 'on');
    await pair.boot('mds0');
    await pair.untilHost('mds0', ({ status }) => status === 'online');
  });
});
