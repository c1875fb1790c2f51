// SPDX-License-Identifier: Apache-2.0
/** Faults of whole hosts: frozen, without power, and several of them at once. */
import assert from 'node:assert/strict';
import { after, afterEach, before, suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LabHost } from '../../../src/lab/host.ts';
import { makeWhole } from './make-whole.ts';
import { hostOf, type WatchedTrial } from '../../../src/trial/watched-trial.ts';
import { holdPower } from './hold-power.ts';
import { openTrial, SKIP } from './open-trial.ts';

const HOSTS = ['h1', 'h2', 'h3', 'h4'];

suite('faults of hosts', SKIP, () => {
  let watched: WatchedTrial;
  before(async () => {
    watched = await openTrial({ hosts: HOSTS, heartbeatTimeout: '1s' });
  });
  afterEach(async () => {
    await makeWhole(watched);
    assert.deepEqual(watched.trial.complaints, []);
  });
  after(() => watched[Symbol.asyncDispose]());

  test('a frozen host is fenced, and what would thaw is no more', async () => {
    const { trial } = watched;
    const h1 = trial.host('h1');
    const offs = trial.switchedOff('h1');
    await h1.freeze();
    await watched.untilRuns('g1', 'h2');
    await h1.thaw();
    assert.equal(h1.init, undefined);
    assert.equal(trial.switchedOff('h1') - offs, 1);
    assert.deepEqual(trial.holders('g1'), ['h2']);
  });

  test('a host that is frozen for less than the time-out goes on as if nothing had been', async () => {
    const { trial } = watched;
    const offs = trial.switchedOff('h1');
    const mark = trial.mark();
    for (let times = 0; times < 5; times += 1) {
      await trial.host('h1').freeze();
      await sleep(500);
      await trial.host('h1').thaw();
      await sleep(500);
    }
    await watched.untilAllRun();
    assert.equal(trial.switchedOff('h1') - offs, 0);
    assert.deepEqual(trial.since(mark), []);
  });

  test('a host that answers again while off is on its way dies all the same, before its group starts elsewhere', async () => {
    const { trial } = watched;
    const h1 = trial.host('h1');
    const offs = trial.switchedOff('h1');
    const mark = trial.mark();
    await holdPower(h1, 4);
    await h1.freeze();
    await watched.until('off is told', (now) => hostOf(now, 'h1').fence?.phase === 'off');
    await h1.thaw();
    await watched.until('it answers', (now) => hostOf(now, 'h1').status === 'online');
    assert.deepEqual(trial.holders('g1'), ['h1']);
    await watched.untilRuns('g1', 'h2');
    assert.equal(trial.switchedOff('h1') - offs, 1);
    assert.deepEqual(trial.since(mark), ['off h1', 'start h2', 'started h2']);
  });

  test('a host without power is believed off, and comes back without its group', async () => {
    const { trial } = watched;
    const offs = trial.switchedOff('h1');
    await trial.host('h1').powerOff();
    const status = await watched.untilRuns('g1', 'h2');
    assert.equal(hostOf(status, 'h1').status, 'off');
    // By us; the fence program sees that nothing is left to do.
    assert.equal(trial.switchedOff('h1') - offs, 1);
    await trial.host('h1').powerOn();
    await watched.until('h1 is back', (now) => hostOf(now, 'h1').status === 'online');
    await watched.untilRuns('g1', 'h2');
    assert.deepEqual(trial.holders('g1'), ['h2']);
  });

  test('two partners without power: nobody could take over, and their groups start at home when they are back', async () => {
    const { trial } = watched;
    await onBoth('h1', 'h2', (host) => host.powerOff());
    await untilAlarmed('h1', 'h2', /no host that answers may take/);
    const status = await watched.until('unknown', ({ groups }) =>
      ['g1', 'g2'].every((name) => groups.some((g) => g.name === name && g.status === 'unknown')),
    );
    assert.match(status.groups[0]?.reason ?? '', /it may run on h1, which is not fenced/);
    await onBoth('h1', 'h2', (host) => host.powerOn());
    await watched.untilRuns('g1', 'h1');
    await watched.untilRuns('g2', 'h2');
    assert.deepEqual(trial.holders('g1'), ['h1']);
  });

  test('two partners whose cables are pulled keep their power, and their groups run all the time', async () => {
    const { trial } = watched;
    const offs = [trial.switchedOff('h1'), trial.switchedOff('h2')];
    const mark = trial.mark();
    await onBoth('h1', 'h2', (host) => host.cutCable());
    await untilAlarmed('h1', 'h2', /no host that answers may take/);
    // Two more time-outs change nothing.
    await sleep(2_000);
    await onBoth('h1', 'h2', (host) => host.mendCable());
    await watched.untilAllRun();
    assert.deepEqual([trial.switchedOff('h1'), trial.switchedOff('h2')], offs);
    assert.deepEqual(trial.since(mark), []);
  });

  test('one host of each pair: more than may be silent at once, until an operator has one fenced', async () => {
    const { trial } = watched;
    const offs = [trial.switchedOff('h1'), trial.switchedOff('h3')];
    await onBoth('h1', 'h3', (host) => host.cutCable());
    await untilAlarmed('h1', 'h3', /2 hosts are silent, more than 1 at once/);
    await sleep(2_000);
    assert.deepEqual([trial.switchedOff('h1'), trial.switchedOff('h3')], offs);
    assert.equal((await watched.order('fence', 'h1')).outcome, 'accepted');
    // The other one is not too many by itself.
    await watched.untilRuns('g1', 'h2');
    await watched.untilRuns('g3', 'h4');
    assert.deepEqual([trial.holders('g1'), trial.holders('g3')], [['h2'], ['h4']]);
  });

  async function onBoth(
    one: string,
    two: string,
    act: (host: LabHost) => Promise<void>,
  ): Promise<void> {
    await Promise.all([one, two].map((name) => act(watched.trial.host(name))));
  }

  async function untilAlarmed(one: string, two: string, why: RegExp): Promise<void> {
    await watched.until(`alarms: ${why}`, ({ alarms }) =>
      [one, two].every((name) => alarms.some(({ host, text }) => host === name && why.test(text))),
    );
  }
});
