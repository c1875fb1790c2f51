// SPDX-License-Identifier: Apache-2.0
/** Faults of a BMC that switches its own host: silent, caching, lying, refusing, without power. */
import assert from 'node:assert/strict';
import { after, afterEach, before, suite, test } from 'node:test';
import { makeWhole } from './make-whole.ts';
import { groupOf, hostOf, type WatchedTrial } from '../../../src/trial/watched-trial.ts';
import { openTrial, SKIP } from './open-trial.ts';

const FENCING = { check: '1s', retry: '1s', max_per_hour: 10_000, rearm: 'after 1m' };

suite('faults of a BMC', SKIP, () => {
  let watched: WatchedTrial;
  let since: number;
  before(async () => {
    watched = await openTrial({
      hosts: ['h1', 'h2'],
      heartbeatTimeout: '1s',
      fenceTimeout: '3s',
      ha: { fencing: FENCING },
    });
    since = await watched.lastTold();
  });
  afterEach(async () => {
    await makeWhole(watched);
    assert.deepEqual(watched.trial.complaints, []);
    since = await watched.lastTold();
  });
  after(() => watched[Symbol.asyncDispose]());

  /** Nobody has started g1 anywhere else, and whoever asks is told that its host is being fenced. */
  async function waitsForTheFence(): Promise<void> {
    const { trial } = watched;
    const status = await watched.until(
      'g1 waits',
      (now) => groupOf(now, 'g1').status === 'unknown',
    );
    assert.match(groupOf(status, 'g1').reason, /it may run on h1, which is being fenced/);
    assert.match(hostOf(status, 'h1').reason, /have not all said off .*tried again/);
    assert.deepEqual(trial.holders('g1'), ['h1']);
  }

  test('behind a BMC that is silent nothing is started, until it answers', async () => {
    const { trial } = watched;
    const bmc = trial.cluster.bmc('h1');
    bmc.silence();
    await trial.host('h1').freeze();
    const told = await watched.untilTold('ha.fence.failed', 'h1', since);
    assert.match(told.text, /gives no answer/);
    assert.equal(told.severity, 'alarm');
    await waitsForTheFence();
    bmc.answer();
    await watched.untilRuns('g1', 'h2');
    assert.equal(trial.host('h1').init, undefined);
  });

  test('a BMC that answers from a cache is believed once it says off', async () => {
    const { trial } = watched;
    trial.cluster.bmc('h1').setFault('cache');
    await trial.host('h1').freeze();
    const told = await watched.untilTold('ha.fence.failed', 'h1', since);
    assert.match(told.text, /says on/);
    await watched.untilRuns('g1', 'h2');
    assert.equal(trial.host('h1').init, undefined);
  });

  test('a BMC that lies about a host that answers is believed no longer', async () => {
    const { trial } = watched;
    trial.cluster.bmc('h1').setFault('lie');
    await watched.order('fence', 'h1', { force: true });
    const told = await watched.untilTold('ha.device.wrong', 'h1', since);
    assert.match(told.text, /says off while the host answers/);
    const status = await watched.untilRuns('g1', 'h1');
    assert.equal(hostOf(status, 'h1').devices[0]?.trust, 'wrong');
    assert.deepEqual(trial.holders('g1'), ['h1']);
  });

  test('a failed stop on a host whose BMC lies moves nothing, until the BMC is mended', async () => {
    const { trial } = watched;
    const bmc = trial.cluster.bmc('h1');
    bmc.setFault('lie');
    trial.setFault('g1', '[ "$action" != stop ] || exit 1', 'h1');
    await watched.order('deactivate', 'h1');
    await watched.untilTold('ha.device.wrong', 'h1', since);
    assert.deepEqual(trial.holders('g1'), ['h1']);
    bmc.setFault();
    await watched.order('reset', 'h1');
    await watched.untilRuns('g1', 'h2');
  });

  test('a BMC that lies about a host that refuses has its fence held', async () => {
    const { trial } = watched;
    const h1 = trial.host('h1');
    trial.cluster.bmc('h1').setFault('lie');
    h1.killProgram();
    await watched.until('h1 refuses', (now) => hostOf(now, 'h1').status === 'refused');
    await watched.order('fence', 'h1', { force: true });
    const told = await watched.untilTold('ha.fence.held', 'h1', since);
    assert.match(told.text, /its kernel answers although its fence devices say off/);
    assert.deepEqual(trial.holders('g1'), ['h1']);
    await h1.startProgram();
    await watched.untilTold('ha.device.wrong', 'h1', since);
    await watched.untilRuns('g1', 'h1');
  });

  test('a BMC that refuses the password is told of before it is needed', async () => {
    const { trial } = watched;
    const bmc = trial.cluster.bmc('h1');
    await bmc.setPassword('somebody-else');
    const status = await watched.until('the BMC refuses', (now) =>
      hostOf(now, 'h1').devices.some(({ trouble }) => trouble !== undefined),
    );
    assert.equal(hostOf(status, 'h1').devices[0]?.trust, 'proven');
    await trial.host('h1').freeze();
    await watched.untilTold('ha.fence.failed', 'h1', since);
    await waitsForTheFence();
    await bmc.setPassword(bmc.password);
    await watched.untilRuns('g1', 'h2');
  });

  test('a BMC that lost its power with its host needs the word of an operator', async () => {
    const { trial } = watched;
    trial.cluster.bmc('h1').silence();
    await trial.host('h1').powerOff();
    await watched.untilTold('ha.fence.failed', 'h1', since);
    await watched.until('g1 waits', (now) => groupOf(now, 'g1').status === 'unknown');
    assert.deepEqual(trial.holders('g1'), []);
    const told = await watched.order('confirm-off', 'h1');
    assert.equal(told.outcome, 'done', told.text);
    await watched.untilRuns('g1', 'h2');
  });
});
