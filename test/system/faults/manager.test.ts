// SPDX-License-Identifier: Apache-2.0
/** Faults of the manager's process: killed before, in the middle of and after a fence, and stopped. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { after, afterEach, before, suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeWhole } from './make-whole.ts';
import { hostOf, type WatchedTrial } from '../../../src/trial/watched-trial.ts';
import { holdPower } from './hold-power.ts';
import { openTrial, SKIP } from './open-trial.ts';

const HEARTBEAT_MS = 1_000;
const STOPPED_MS = 10_000;

suite('faults of the manager', SKIP, () => {
  let watched: WatchedTrial;
  before(async () => {
    watched = await openTrial({ hosts: ['h1', 'h2'], heartbeatTimeout: `${HEARTBEAT_MS}ms` });
  });
  afterEach(async () => {
    await makeWhole(watched);
    assert.deepEqual(watched.trial.complaints, []);
  });
  after(() => watched[Symbol.asyncDispose]());

  async function untilFence(phase: string): Promise<void> {
    await watched.until(phase, (now) => hostOf(now, 'h1').fence?.phase === phase);
  }

  async function untilSwitchedOff(offs: number): Promise<void> {
    await watched.until('h1 is off', () => watched.trial.switchedOff('h1') > offs);
  }

  const moments: readonly [string, (offs: number) => Promise<void>][] = [
    [
      'before it has noticed',
      async () => {
        await watched.trial.host('h1').cutCable();
      },
    ],
    [
      'while off is on its way',
      async () => {
        await holdPower(watched.trial.host('h1'), 4);
        await watched.trial.host('h1').cutCable();
        await untilFence('off');
        // Until the fence program waits for the power switch.
        await sleep(500);
      },
    ],
    [
      'between off and its confirmation',
      async (offs) => {
        await watched.trial.host('h1').cutCable();
        await untilSwitchedOff(offs);
        await holdPower(watched.trial.host('h1'), 4);
      },
    ],
    [
      'while the partner starts what was taken over',
      async (offs) => {
        watched.trial.holdScript('g1', 'start', 'h2');
        const mark = watched.trial.mark();
        await watched.trial.host('h1').cutCable();
        await untilSwitchedOff(offs);
        await watched.until('a start', () => watched.trial.since(mark, 'g1').includes('start h2'));
      },
    ],
  ];
  for (const [when, untilThen] of moments) {
    test(`a manager killed in a failover, ${when}: the next one carries it through, once`, async () => {
      const { trial } = watched;
      const told = await watched.lastTold();
      const mark = trial.mark();
      const offs = trial.switchedOff('h1');
      const { epoch: killed } = await watched.untilAllRun();
      await untilThen(offs);
      trial.manager.killProgram();
      await sleep(HEARTBEAT_MS);
      await trial.manager.startProgram();
      await watched.until('the next one answers', ({ epoch }) => epoch.number > killed.number);
      trial.clearFaults();
      const status = await watched.untilRuns('g1', 'h2');
      assert.equal(hostOf(status, 'h1').status, 'off');
      const names = (await watched.events()).filter(({ id }) => id > told).map(({ name }) => name);
      assert.equal(names.filter((name) => name === 'ha.fence.begun').length, 1);
      assert.deepEqual(trial.since(mark, 'g1'), ['start h2', 'started h2']);
      assert.equal(trial.switchedOff('h1') - offs, 1);
      assert.equal(trial.switchedOff('h2'), 0);
    });
  }

  test('a manager that is stopped for a while on a busy machine calls nobody silent afterwards', async () => {
    const { trial } = watched;
    const offs = [trial.switchedOff('h1'), trial.switchedOff('h2')];
    const told = await watched.lastTold();
    const mark = trial.mark();
    await whileBusy(async () => {
      await trial.manager.stopProgram();
      await sleep(STOPPED_MS);
      await trial.manager.continueProgram();
      await sleep(3 * HEARTBEAT_MS);
    });
    await watched.untilAllRun();
    assert.deepEqual([trial.switchedOff('h1'), trial.switchedOff('h2')], offs);
    assert.deepEqual(trial.since(mark), []);
    const names = (await watched.events()).filter(({ id }) => id > told).map(({ name }) => name);
    assert.deepEqual(names, []);
  });

  test('a host that dies while the manager is stopped is fenced when it goes on, and no other one', async () => {
    const { trial } = watched;
    const offs = [trial.switchedOff('h1'), trial.switchedOff('h2')];
    await trial.manager.stopProgram();
    await trial.host('h1').cutCable();
    await sleep(3 * HEARTBEAT_MS);
    assert.equal(trial.switchedOff('h1'), offs[0]);
    await trial.manager.continueProgram();
    const status = await watched.untilRuns('g1', 'h2');
    assert.equal(hostOf(status, 'h1').status, 'off');
    assert.deepEqual([trial.switchedOff('h1') - 1, trial.switchedOff('h2')], offs);
    assert.deepEqual(trial.holders('g1'), ['h2']);
  });
});

/** With a process on each core that never waits. */
async function whileBusy(work: () => Promise<void>): Promise<void> {
  const spin = ['-e', 'for (;;) {}'];
  const load = Array.from({ length: availableParallelism() }, () => {
    const child = spawn(process.execPath, spin, { stdio: 'ignore' });
    return { child, exited: once(child, 'exit') };
  });
  try {
    await work();
  } finally {
    for (const { child } of load) child.kill('SIGKILL');
    await Promise.all(load.map(({ exited }) => exited));
  }
}
