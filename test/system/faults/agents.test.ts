// SPDX-License-Identifier: Apache-2.0
/** Faults of agents: killed and started again, also while scripts of theirs run on without them. */
import assert from 'node:assert/strict';
import { after, afterEach, before, suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeWhole } from './make-whole.ts';
import { hostOf, type WatchedTrial } from '../../../src/trial/watched-trial.ts';
import type { WorldLine } from '../../../src/trial/world-log.ts';
import { openTrial, SKIP } from './open-trial.ts';

const MOVED = ['stop h1', 'stopped h1', 'start h2', 'started h2'];

suite('faults of agents', SKIP, () => {
  let watched: WatchedTrial;
  before(async () => {
    watched = await openTrial({ hosts: ['h1', 'h2'], dependents: 1, heartbeatTimeout: '1s' });
  });
  afterEach(async () => {
    const { trial } = watched;
    await makeWhole(watched);
    assert.deepEqual(trial.complaints, []);
    assert.deepEqual([trial.switchedOff('h1'), trial.switchedOff('h2')], [0, 0]);
  });
  after(() => watched[Symbol.asyncDispose]());

  async function untilSaid(resource: string, what: WorldLine['what'], mark: number): Promise<void> {
    const { trial } = watched;
    await watched.until(`${resource}: ${what}`, () =>
      trial.since(mark, resource).some((line) => line.startsWith(`${what} `)),
    );
  }

  async function killAgentOf(host: string): Promise<void> {
    watched.trial.host(host).killProgram();
    await watched.until('refused', (now) => hostOf(now, host).status === 'refused');
  }

  test('a killed agent costs its host nothing: what runs goes on, and is found again', async () => {
    const { trial } = watched;
    const mark = trial.mark();
    await killAgentOf('h1');
    const { groups, alarms } = await watched.until(
      'it is not known to run',
      (status) => status.groups[0]?.status === 'unknown',
    );
    assert.match(groups[0]?.reason ?? '', /it may run on h1, which has no agent that answers/);
    assert.deepEqual(alarms, [{ host: 'h1', text: 'its kernel lives, its agent does not answer' }]);
    // Two more time-outs change nothing.
    await sleep(2_000);
    await trial.host('h1').startProgram();
    await watched.untilAllRun();
    assert.deepEqual(trial.since(mark), []);
  });

  test('a start that goes on without its agent is waited for by the next one', async () => {
    const { trial } = watched;
    const mark = trial.mark();
    trial.holdScript('g1', 'start', 'h2');
    await watched.order('deactivate', 'h1');
    await untilSaid('g1', 'start', mark);
    await killAgentOf('h2');
    await trial.host('h2').startProgram();
    await watched.until('h2 answers', (now) => hostOf(now, 'h2').status === 'online');
    assert.deepEqual(trial.since(mark, 'g1'), ['stop h1', 'stopped h1', 'start h2']);
    trial.clearFaults();
    await watched.untilRuns('g1', 'h2');
    assert.deepEqual(trial.since(mark, 'g1'), ['stop h1', 'stopped h1', 'start h2', 'started h2']);
  });

  test('a stop that goes on without its agent is waited for by the next one', async () => {
    const { trial } = watched;
    const mark = trial.mark();
    trial.holdScript('g1', 'stop', 'h1');
    await watched.order('deactivate', 'h1');
    await untilSaid('g1', 'stop', mark);
    await killAgentOf('h1');
    await trial.host('h1').startProgram();
    await watched.until('h1 answers', (now) => hostOf(now, 'h1').status === 'online');
    assert.deepEqual(trial.since(mark, 'g1'), ['stop h1']);
    trial.clearFaults();
    await watched.untilRuns('g1', 'h2');
    assert.deepEqual(trial.since(mark, 'g1').slice(-4), MOVED);
  });

  test('a stop that nobody saw the end of is no stop: it is stopped again before it moves', async () => {
    const { trial } = watched;
    const mark = trial.mark();
    trial.holdScript('g1', 'stop', 'h1');
    await watched.order('deactivate', 'h1');
    await untilSaid('g1', 'stop', mark);
    await killAgentOf('h1');
    trial.clearFaults();
    await untilSaid('g1', 'stopped', mark);
    // Two time-outs.
    await sleep(2_000);
    assert.deepEqual(trial.since(mark, 'g1'), ['stop h1', 'stopped h1']);
    await trial.host('h1').startProgram();
    await watched.untilRuns('g1', 'h2');
    assert.deepEqual(trial.since(mark, 'g1').slice(-4), MOVED);
  });
});
