// SPDX-License-Identifier: Apache-2.0
/** Faults of how power is wired: to another host, by two ways, through two supplies. */
import assert from 'node:assert/strict';
import { after, afterEach, before, suite, test } from 'node:test';
import { makeWhole } from './make-whole.ts';
import { groupOf, hostOf, type WatchedTrial } from '../../../src/trial/watched-trial.ts';
import { openTrial, SKIP } from './open-trial.ts';

const FENCING = { check: '1s', retry: '1s', max_per_hour: 10_000, rearm: 'after 1m' };
const COMMON = { heartbeatTimeout: '1s', fenceTimeout: '3s', ha: { fencing: FENCING } };

suite('a BMC, and two power supplies for when it fails', SKIP, () => {
  let watched: WatchedTrial;
  let since: number;
  before(async () => {
    const power = (host: string): string[][] => [[host], [`${host}/a`, `${host}/b`]];
    watched = await openTrial({ ...COMMON, hosts: ['h1', 'h2'], power });
    since = await watched.lastTold();
  });
  afterEach(async () => {
    await makeWhole(watched);
    assert.deepEqual(watched.trial.complaints, []);
    since = await watched.lastTold();
  });
  after(() => watched[Symbol.asyncDispose]());

  test('where the first level fails, the second one ends the host', async () => {
    const { trial } = watched;
    trial.cluster.bmc('h1').silence();
    await trial.host('h1').freeze();
    await watched.untilRuns('g1', 'h2');
    assert.equal(trial.host('h1').init, undefined);
    assert.equal(trial.switchedOff('h1'), 0);
    const trouble = await watched.untilTold('ha.fence.trouble', 'h1', since);
    assert.match(trouble.text, /off by h1.*no answer within/);
  });

  test('while one of two supplies cannot be cut nothing is started', async () => {
    const { trial } = watched;
    await trial.cluster.bmc('h1').setPassword('another-one');
    const stuck = trial.cluster.bmc('h1-3');
    stuck.setFault('stuck-on');
    await trial.host('h1').freeze();
    const told = await watched.untilTold('ha.fence.failed', 'h1', since);
    // In the order of their answers.
    assert.match(told.text, /h1-2 says off/);
    assert.match(told.text, /h1-3 says on/);
    const status = await watched.until(
      'g1 waits',
      (now) => groupOf(now, 'g1').status === 'unknown',
    );
    assert.match(groupOf(status, 'g1').reason, /it may run on h1, which is being fenced/);
    assert.notEqual(trial.host('h1').init, undefined);
    assert.deepEqual(trial.holders('g1'), ['h1']);
    stuck.setFault();
    await watched.untilRuns('g1', 'h2');
  });
});

suite('BMCs that are wired to the wrong host', SKIP, () => {
  let watched: WatchedTrial;
  before(async () => {
    const other = new Map([
      ['h1', 'h3'],
      ['h3', 'h1'],
    ]);
    const power = (host: string): string[][] => [[other.get(host) ?? host]];
    const hosts = ['h1', 'h2', 'h3', 'h4'];
    watched = await openTrial({ ...COMMON, hosts, power });
  });
  after(() => watched[Symbol.asyncDispose]());

  test('the host that vanishes instead keeps the fence from being believed', async () => {
    const { trial } = watched;
    await trial.host('h1').freeze();
    const told = await watched.untilTold('ha.fence.held', 'h1', 0);
    assert.match(
      told.text,
      /h3 has not answered since h1 was fenced: is the fence device of h1 wired/,
    );
    assert.equal(told.severity, 'alarm');
    assert.equal(trial.host('h3').init, undefined);
    await watched.until('h3 is silent', (now) => hostOf(now, 'h3').status === 'silent');
    assert.deepEqual(trial.holders('g1'), ['h1']);
    assert.deepEqual(trial.holders('g3'), []);

    // It boots: its group may start again, and that tells nothing about h1.
    await trial.host('h3').powerOn();
    await watched.untilRuns('g3', 'h3');
    const status = await watched.until('an answer', () => true);
    assert.match(hostOf(status, 'h1').reason, /h3 has not answered/);
    assert.deepEqual(trial.holders('g1'), ['h1']);

    await trial.host('h1').powerOff();
    assert.equal((await watched.order('confirm-off', 'h1')).outcome, 'done');
    await watched.untilRuns('g1', 'h2');
    assert.deepEqual(trial.complaints, []);
  });
});
