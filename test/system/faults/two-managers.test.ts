// SPDX-License-Identifier: Apache-2.0
/** A second manager beside the first: with its journal, with a copy of it, with one of its own. */
import assert from 'node:assert/strict';
import { copyFileSync, existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { haClient, type HaApi } from '../../../src/ha/client.ts';
import type { Status } from '../../../src/ha/contract.ts';
import type { LabHost } from '../../../src/lab/host.ts';
import { makeWhole } from './make-whole.ts';
import { hostOf, type WatchedTrial } from '../../../src/trial/watched-trial.ts';
import { openTrial, SKIP } from './open-trial.ts';

const WITHIN_MS = 20_000;

suite('two managers', SKIP, () => {
  let watched: WatchedTrial;
  let second: LabHost;
  let api: HaApi;
  let journal: string;
  before(async () => {
    watched = await openTrial({ hosts: ['h1', 'h2'], heartbeatTimeout: '1s' });
    const { cluster } = watched.trial;
    const socket = join(cluster.lab.directory, 'second.sock');
    journal = join(cluster.lab.directory, 'second.db');
    const command = cluster.managerCommand(['--socket', socket, '--journal', journal]);
    second = cluster.lab.host({ name: 'mgmt2', address: '10.77.255.2', command });
    api = haClient(socket);
  });
  afterEach(async () => {
    // Nobody may give orders to the first one before it is started anew.
    if ((await watched.status())?.acting !== true) return;
    await makeWhole(watched);
    assert.deepEqual(watched.trial.complaints, []);
  });
  after(() => watched[Symbol.asyncDispose]());

  async function untilSecond(what: string, holds: (status: Status) => boolean): Promise<Status> {
    const deadline = performance.now() + WITHIN_MS;
    let last: Status | undefined;
    while (performance.now() < deadline) {
      last = await api.status(AbortSignal.timeout(2_000)).catch(() => undefined);
      if (last !== undefined && holds(last)) return last;
      await sleep(100);
    }
    assert.fail(`not within ${WITHIN_MS} ms: ${what}: ${JSON.stringify(last)}`);
  }

  test('the one with the same journal does not start', async () => {
    const { trial } = watched;
    const mark = trial.mark();
    const [file = '', ...args] = trial.cluster.managerCommand();
    await assert.rejects(
      trial.manager.run(file, args),
      /ended with 64: .*journal\.db: another manager uses this journal/,
    );
    await watched.untilAllRun();
    assert.deepEqual(trial.since(mark), []);
  });

  test('the one with a journal of its own is obeyed by no agent, and fences nobody', async () => {
    const { trial } = watched;
    await second.powerOn();
    const { groups } = await untilSecond('it is told why', ({ hosts, alarms }) =>
      hosts.every(({ name }) =>
        alarms.some(({ host, text }) => host === name && /obeys another manager/.test(text)),
      ),
    );
    assert.match(groups[0]?.reason ?? '', /it may run on h1, whose agent obeys another manager/);
    await watched.untilAllRun();
    const mark = trial.mark();
    await trial.host('h1').cutCable();
    await watched.untilRuns('g1', 'h2');
    // Two more time-outs: by then the second one would have fenced it, too.
    await sleep(2_000);
    assert.deepEqual([trial.switchedOff('h1'), trial.switchedOff('h2')], [1, 0]);
    assert.deepEqual(trial.since(mark, 'g1'), ['start h2', 'started h2']);
    await second.powerOff();
  });

  test('the one with a copy of the journal is newer and acts, and the first one does not', async () => {
    const { trial } = watched;
    const offs = trial.switchedOff('h1');
    const mark = trial.mark();
    copyJournal(trial.cluster.journal, journal);
    await second.powerOn();
    await untilSecond('all runs', (now) => now.groups.every((g) => g.status === 'running'));
    const first = await watched.until('the first one is passive', ({ acting }) => !acting);
    assert.match(first.alarms[0]?.text ?? '', /another manager has taken over/);
    const { outcome, text } = await watched.order('deactivate', 'h1');
    assert.equal(`${outcome}: ${text}`, 'refused: another manager has taken over; ask that one');
    assert.deepEqual(trial.since(mark), []);
    await trial.host('h1').cutCable();
    const status = await untilSecond('g1 runs on h2', ({ groups }) => {
      const [g1] = groups;
      return g1?.status === 'running' && g1.host === 'h2';
    });
    assert.equal(hostOf(status, 'h1').status, 'off');
    assert.equal(trial.switchedOff('h1') - offs, 1);
    assert.deepEqual(trial.since(mark, 'g1'), ['start h2', 'started h2']);
  });

  test('the first one is obeyed again once it is started anew', async () => {
    const { manager } = watched.trial;
    await second.powerOff();
    await watched.killManager();
    await manager.startProgram();
    const status = await watched.until('it answers', () => true);
    assert.equal(status.acting, true);
  });
});

/** As a backup of the machine would have it, with what is not yet in the file itself. */
function copyJournal(from: string, to: string): void {
  for (const part of ['', '-wal', '-shm']) {
    rmSync(to + part, { force: true });
    if (existsSync(from + part)) copyFileSync(from + part, to + part);
  }
}
