// SPDX-License-Identifier: Apache-2.0
/** Where the manager is: cut off from all hosts, or on one of those that it manages. */
import assert from 'node:assert/strict';
import { after, afterEach, before, suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LabHost } from '../../../src/lab/host.ts';
import { makeWhole } from './make-whole.ts';
import { hostOf, type WatchedTrial } from '../../../src/trial/watched-trial.ts';
import { openTrial, openTrialWithoutManager, SKIP } from './open-trial.ts';

const OPTIONS = { hosts: ['h1', 'h2'], heartbeatTimeout: '1s' };
/** Two time-outs: who is not fenced by then is not. */
const LONG_MS = 2_000;
const CUT_OFF = /no other host answers: the manager may be the one that is cut off/;
const WITNESS = { address: '10.77.255.3', port: 7 };

/** Nobody is switched, nothing is started or stopped, and the reason is told as an alarm. */
async function nobodyIsFenced(watched: WatchedTrial, fault: () => Promise<void>): Promise<void> {
  const { trial } = watched;
  const offs = trial.cluster.hosts.map(({ name }) => trial.switchedOff(name));
  const mark = trial.mark();
  await fault();
  await watched.until('an alarm', ({ alarms }) =>
    alarms.some(({ host, text }) => host === 'h2' && CUT_OFF.test(text)),
  );
  await sleep(LONG_MS);
  assert.deepEqual(
    trial.cluster.hosts.map(({ name }) => trial.switchedOff(name)),
    offs,
  );
  assert.deepEqual(trial.since(mark), []);
}

suite('a manager that is cut off from all hosts, while their BMCs answer', SKIP, () => {
  let watched: WatchedTrial;
  before(async () => {
    watched = await openTrial(OPTIONS);
  });
  after(() => watched[Symbol.asyncDispose]());

  test('fences nobody, and all runs on', async () => {
    const { lab } = watched.trial.cluster;
    await nobodyIsFenced(watched, () => lab.lose({ from: 'mgmt' }, { to: 'mgmt' }));
  });

  test('nor does the one that is started after it', async () => {
    const { manager } = watched.trial;
    const restart = async (): Promise<void> => {
      await watched.killManager();
      await manager.startProgram();
    };
    await nobodyIsFenced(watched, restart);
  });

  test('when its path is mended, all is as it was', async () => {
    const mark = watched.trial.mark();
    await makeWhole(watched);
    assert.deepEqual(watched.trial.since(mark), []);
    assert.deepEqual(watched.trial.complaints, []);
  });
});

async function openOnHost(ha: Readonly<Record<string, unknown>>): Promise<WatchedTrial> {
  const watched = await openTrialWithoutManager({ ...OPTIONS, ha: { manager_host: 'h1', ...ha } });
  try {
    await startManager(watched);
    await watched.untilAllRun();
    return watched;
  } catch (error) {
    await watched[Symbol.asyncDispose]();
    throw error;
  }
}

async function startManager({ trial }: WatchedTrial): Promise<void> {
  await trial.host('h1').startBeside('manager', trial.cluster.managerCommand());
}

suite('a manager on one of two hosts, without a witness', SKIP, () => {
  let watched: WatchedTrial;
  before(async () => {
    watched = await openOnHost({});
  });
  after(() => watched[Symbol.asyncDispose]());

  test('fences nobody when its own cable is pulled, though the BMCs answer', async () => {
    const { lab } = watched.trial.cluster;
    await nobodyIsFenced(watched, () => lab.lose({ from: 'h1' }, { to: 'h1' }));
    await lab.lose();
    await watched.untilAllRun();
    assert.deepEqual(watched.trial.complaints, []);
  });

  test('fences nobody when the other host is frozen, until an operator does', async () => {
    const { trial } = watched;
    await nobodyIsFenced(watched, () => trial.host('h2').freeze());
    assert.equal((await watched.order('fence', 'h2')).outcome, 'accepted');
    await watched.untilRuns('g2', 'h1');
    assert.deepEqual(trial.complaints, []);
  });
});

suite('a manager on one of two hosts, with a witness', SKIP, () => {
  let watched: WatchedTrial;
  let witness: LabHost;
  before(async () => {
    watched = await openOnHost({ witness: WITNESS });
    const listen = `require('node:net').createServer((s) => s.end()).listen(${WITNESS.port})`;
    const command = [process.execPath, '-e', listen];
    witness = watched.trial.cluster.lab.host({
      name: 'gateway',
      address: WITNESS.address,
      command,
    });
    await witness.powerOn();
  });
  afterEach(async () => {
    const { trial } = watched;
    if (trial.host('h1').init === undefined) {
      await trial.host('h1').powerOn();
      await startManager(watched);
    }
    await makeWhole(watched);
    assert.deepEqual(trial.complaints, []);
  });
  after(() => watched[Symbol.asyncDispose]());

  test('fences nobody when its own cable is pulled, though the BMCs answer', async () => {
    const { lab } = watched.trial.cluster;
    await nobodyIsFenced(watched, () => lab.lose({ from: 'h1' }, { to: 'h1' }));
  });

  test('fences nobody while the witness does not answer, and the other host once it does', async () => {
    const { trial } = watched;
    await witness.cutCable();
    await nobodyIsFenced(watched, () => trial.host('h2').freeze());
    await witness.mendCable();
    const status = await watched.untilRuns('g2', 'h1');
    assert.equal(hostOf(status, 'h2').status, 'off');
    assert.deepEqual(trial.holders('g2'), ['h1']);
  });

  test('fences the other host at once when it loses its power', async () => {
    const { trial } = watched;
    await trial.host('h2').powerOff();
    await watched.untilRuns('g2', 'h1');
    assert.deepEqual(trial.holders('g2'), ['h1']);
  });

  test('that dies with its host is started by hand: its group starts again, the others run on', async () => {
    const { trial } = watched;
    await trial.host('h1').powerOff();
    const mark = trial.mark();
    await sleep(LONG_MS);
    assert.deepEqual(trial.since(mark), []);
    await trial.host('h1').powerOn();
    await startManager(watched);
    await watched.untilRuns('g1', 'h1');
    assert.deepEqual(trial.since(mark, 'g2'), []);
  });
});
