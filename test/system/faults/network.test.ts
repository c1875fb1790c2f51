// SPDX-License-Identifier: Apache-2.0
/** Faults of the network: cables, directions, paths, and a share of everything. */
import assert from 'node:assert/strict';
import { after, afterEach, before, suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Loss } from '../../../src/lab/loss.ts';
import { makeWhole } from './make-whole.ts';
import { hostOf, type WatchedTrial } from '../../../src/trial/watched-trial.ts';
import { openTrial, SKIP } from './open-trial.ts';

const HOSTS = ['h1', 'h2'];
/** With the time that the packet filter takes on a busy machine: two fifths of a time-out. */
const OUT_MS = 350;
const LOSS_MS = 10_000;

suite('faults of the network', SKIP, () => {
  let watched: WatchedTrial;
  before(async () => {
    watched = await openTrial({ hosts: HOSTS, dependents: 2, heartbeatTimeout: '1s' });
  });
  afterEach(async () => {
    await makeWhole(watched);
    assert.deepEqual(watched.trial.complaints, []);
  });
  after(() => watched[Symbol.asyncDispose]());

  /** Of h1, once, and its group runs on h2. */
  async function isFencedBy(fault: () => Promise<void>): Promise<void> {
    const { trial } = watched;
    const [one, two] = [trial.switchedOff('h1'), trial.switchedOff('h2')];
    await fault();
    const status = await watched.untilRuns('g1', 'h2');
    assert.equal(hostOf(status, 'h1').status, 'off');
    assert.equal(trial.host('h1').init, undefined);
    assert.equal(trial.switchedOff('h1') - one, 1);
    assert.equal(trial.switchedOff('h2') - two, 0);
    for (const resource of ['g1', 'g1-1', 'g1-2']) {
      assert.deepEqual(trial.holders(resource), ['h2']);
    }
  }

  test('a host whose cable is pulled is fenced once, and its group runs on its partner', async () => {
    await isFencedBy(() => watched.trial.host('h1').cutCable());
  });

  test('so is a host that hears and is not heard', async () => {
    await isFencedBy(() => watched.trial.cluster.lab.lose({ from: 'h1' }));
  });

  test('so is a host that is heard and does not hear', async () => {
    await isFencedBy(() => watched.trial.cluster.lab.lose({ to: 'h1' }));
  });

  test('a host that nobody hears for two fifths of the time-out, again and again, is never called silent', async () => {
    const { trial } = watched;
    const told = await watched.lastTold();
    const mark = trial.mark();
    for (let times = 0; times < 5; times += 1) {
      await trial.cluster.lab.lose({ from: 'h1' }, { to: 'h1' });
      await sleep(OUT_MS);
      await trial.cluster.lab.lose();
      // Not in step with the polls.
      await sleep(1_000 + times * 50);
    }
    await watched.untilAllRun();
    const later = (await watched.events()).filter(({ id }) => id > told);
    assert.deepEqual(
      later.map(({ name, host }) => `${name} ${host}`),
      [],
    );
    assert.deepEqual(trial.since(mark), []);
  });

  const paths: readonly [string, readonly Loss[]][] = [
    [
      'nothing passes',
      [
        { from: 'h1', to: 'mgmt' },
        { from: 'mgmt', to: 'h1' },
      ],
    ],
    ['the manager does not hear the host', [{ from: 'h1', to: 'mgmt' }]],
    ['the host does not hear the manager', [{ from: 'mgmt', to: 'h1' }]],
  ];
  for (const [how, losses] of paths) {
    test(`a host that its partner reaches keeps its power, though between it and the manager ${how}`, async () => {
      const { trial } = watched;
      const one = trial.switchedOff('h1');
      const mark = trial.mark();
      await trial.cluster.lab.lose(...losses);
      const status = await watched.until('an alarm', (now) =>
        /still reaches it/.test(hostOf(now, 'h1').notFenced ?? ''),
      );
      assert.ok(status.alarms.some(({ host, text }) => host === 'h1' && /reaches it/.test(text)));
      // Two more time-outs change nothing.
      await sleep(2_000);
      assert.equal(trial.switchedOff('h1') - one, 0);
      await trial.cluster.lab.lose();
      await watched.untilRuns('g1', 'h1');
      assert.deepEqual(trial.since(mark), []);
    });
  }

  test('of hosts that lose a third of what is sent at most one is fenced, and properly', async () => {
    const { trial } = watched;
    const earlier = HOSTS.map((name) => trial.switchedOff(name));
    await trial.cluster.lab.lose({ percent: 30 });
    await sleep(LOSS_MS);
    await trial.cluster.lab.lose();
    const fenced = HOSTS.filter((name, i) => trial.switchedOff(name) !== earlier[i]);
    assert.ok(fenced.length <= 1, fenced.join());
    for (const group of ['g1', 'g2']) {
      const home = group === 'g1' ? 'h1' : 'h2';
      const partner = home === 'h1' ? 'h2' : 'h1';
      const host = fenced.includes(home) ? partner : home;
      await watched.untilRuns(group, host);
      assert.deepEqual(trial.holders(group), [host]);
    }
  });
});
