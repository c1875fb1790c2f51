// SPDX-License-Identifier: Apache-2.0
/** Orders of an operator, while a host that they need dies. */
import assert from 'node:assert/strict';
import { after, afterEach, before, suite, test } from 'node:test';
import { makeWhole } from './make-whole.ts';
import { hostOf, type WatchedTrial } from '../../../src/trial/watched-trial.ts';
import { openTrial, SKIP } from './open-trial.ts';

suite('orders while a host dies', SKIP, () => {
  let watched: WatchedTrial;
  before(async () => {
    watched = await openTrial({ hosts: ['h1', 'h2'], heartbeatTimeout: '1s' });
  });
  afterEach(async () => {
    await makeWhole(watched);
    assert.deepEqual(watched.trial.complaints, []);
  });
  after(() => watched[Symbol.asyncDispose]());

  /** An order for h1 whose move of g1 has come to this line of the world's log. */
  async function orderUntil(verb: 'failback' | 'deactivate', line: string): Promise<number> {
    const mark = watched.trial.mark();
    const answer = await watched.order(verb, 'h1');
    assert.equal(answer.outcome, 'accepted', answer.text);
    await watched.until(line, () => watched.trial.since(mark, 'g1').includes(line));
    return mark;
  }

  async function moveAway(): Promise<void> {
    await watched.order('deactivate', 'h1');
    await watched.untilRuns('g1', 'h2');
    await watched.order('activate', 'h1');
  }

  test('a failback whose home dies before the group is stopped leaves it where it is', async () => {
    const { trial } = watched;
    await moveAway();
    trial.holdScript('g1', 'stop', 'h2');
    const mark = await orderUntil('failback', 'stop h2');
    await trial.host('h1').cutCable();
    await watched.until('h1 is fenced', (now) => hostOf(now, 'h1').status === 'off');
    trial.clearFaults();
    await watched.untilRuns('g1', 'h2');
    const lines = trial.since(mark, 'g1');
    assert.deepEqual(lines, ['stop h2', 'stopped h2', 'start h2', 'started h2']);
  });

  test('a failback whose home freezes in the start goes back', async () => {
    const { trial } = watched;
    await moveAway();
    trial.holdScript('g1', 'start', 'h1');
    const mark = await orderUntil('failback', 'start h1');
    await trial.host('h1').freeze();
    const status = await watched.untilRuns('g1', 'h2');
    assert.equal(hostOf(status, 'h1').status, 'off');
    const lines = trial.since(mark).slice(-4);
    assert.deepEqual(lines, ['start h1', 'off h1', 'start h2', 'started h2']);
  });

  test('a failback from a host that dies in the stop ends at home', async () => {
    const { trial } = watched;
    await moveAway();
    trial.holdScript('g1', 'stop', 'h2');
    const mark = await orderUntil('failback', 'stop h2');
    await trial.host('h2').cutCable();
    const status = await watched.untilRuns('g1', 'h1');
    assert.equal(hostOf(status, 'h2').status, 'off');
    assert.deepEqual(trial.since(mark).slice(0, 2), ['stop h2', 'off h2']);
    assert.deepEqual(trial.since(mark, 'g1'), ['stop h2', 'start h1', 'started h1']);
  });

  test('a host that freezes while it is being deactivated is fenced', async () => {
    const { trial } = watched;
    trial.holdScript('g1', 'stop', 'h1');
    const mark = await orderUntil('deactivate', 'stop h1');
    await trial.host('h1').freeze();
    const status = await watched.untilRuns('g1', 'h2');
    assert.equal(hostOf(status, 'h1').status, 'off');
    assert.deepEqual(trial.since(mark), ['stop h1', 'off h1', 'start h2', 'started h2']);
  });

  test('a host whose partner is deactivated is not fenced for nothing, but once the partner may take over', async () => {
    const { trial } = watched;
    trial.holdScript('g1', 'start', 'h2');
    const mark = await orderUntil('deactivate', 'start h2');
    await trial.host('h2').freeze();
    // On a busy machine it may first say that nobody else answers.
    const helpsNobody = /would help no group: no host that answers may take one over/;
    await watched.until(helpsNobody.source, ({ alarms }) =>
      alarms.some(({ text }) => helpsNobody.test(text)),
    );
    assert.deepEqual(trial.since(mark), ['stop h1', 'stopped h1', 'start h2']);
    await watched.order('activate', 'h1');
    await watched.untilRuns('g2', 'h1');
    const status = await watched.untilRuns('g1', 'h1');
    assert.equal(hostOf(status, 'h2').status, 'off');
    assert.deepEqual(trial.since(mark, 'g1').slice(-2), ['start h1', 'started h1']);
  });
});
