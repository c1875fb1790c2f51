// SPDX-License-Identifier: Apache-2.0
/** Faults under the journal: its disk is full, or takes nothing any more. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LabHost } from '../../../src/lab/host.ts';
import { makeWhole } from './make-whole.ts';
import { hostOf, type WatchedTrial } from '../../../src/trial/watched-trial.ts';
import { openTrial, SKIP } from './open-trial.ts';

/** Of the manager's host alone: a disk that a test may fill. */
const DISK = '/run/journal';
/** Twice the reserve and the journal. */
const MOUNT = `mountpoint -q ${DISK} || { mkdir ${DISK} && mount -t tmpfs -o size=40m journal ${DISK}; }`;

async function fillDisk(manager: LabHost): Promise<void> {
  await manager.run('sh', ['-c', `cat /dev/zero >${DISK}/filler || :`]);
}

suite('a full disk under the journal', SKIP, () => {
  let watched: WatchedTrial;
  let since: number;
  before(async () => {
    watched = await openTrial({
      hosts: ['h1', 'h2'],
      heartbeatTimeout: '1s',
      managerWithin: ['sh', '-c', `${MOUNT}; exec "$@"`, 'sh'],
      managerFlags: ['--journal', `${DISK}/journal.db`],
    });
    await watched.untilTold('ha.journal.reserve-made', undefined, 0);
    since = await watched.lastTold();
  });
  afterEach(async () => {
    await watched.trial.manager.run('rm', ['-f', `${DISK}/filler`]);
    await watched.untilTold('ha.journal.reserve-made', undefined, since);
    await makeWhole(watched);
    assert.deepEqual(watched.trial.complaints, []);
    since = await watched.lastTold();
  });
  after(() => watched[Symbol.asyncDispose]());

  test('a manager that is killed on it starts again, with the reserve', async () => {
    const { trial } = watched;
    await fillDisk(trial.manager);
    await watched.killManager();
    await trial.manager.startProgram();
    await watched.untilTold('ha.journal.reserve-used', undefined, since);
    await trial.host('h1').freeze();
    await watched.untilRuns('g1', 'h2');
  });

  test('a failover ends on it, told in full, and the operator is asked for room', async () => {
    const { trial } = watched;
    await fillDisk(trial.manager);
    await trial.host('h1').freeze();
    const status = await watched.untilRuns('g1', 'h2');
    assert.equal(hostOf(status, 'h1').status, 'off');
    assert.ok(status.alarms.some(({ text }) => /disk is full or nearly so.*make room/.test(text)));
    const told = await watched.events();
    const names = told.filter(({ id }) => id > since).map(({ name }) => name);
    for (const name of ['ha.journal.reserve-used', 'ha.fence.begun', 'ha.host.off']) {
      assert.ok(names.includes(name), `${name} is not among ${names.join(' ')}`);
    }
  });
});

/** As a broken disk leaves it: ext4 does not write any more. */
const IMAGE = '/run/journal.img';
const MOUNT_IMAGE = `mount -o loop,errors=remount-ro ${IMAGE} ${DISK}`;
const MAKE_IMAGE = `truncate -s 48M ${IMAGE} && mkfs.ext4 -q -F -m 0 ${IMAGE}`;
const BREAK = `echo broken >/sys/fs/ext4/$(basename $(findmnt -no SOURCE ${DISK}))/trigger_fs_error`;

suite('a journal whose disk has become read-only', SKIP, () => {
  let watched: WatchedTrial;
  before(async () => {
    const mount = `mountpoint -q ${DISK} || { mkdir ${DISK}; ${MAKE_IMAGE} && ${MOUNT_IMAGE}; }`;
    watched = await openTrial({
      hosts: ['h1', 'h2'],
      heartbeatTimeout: '1s',
      managerWithin: ['sh', '-c', `${mount}; exec "$@"`, 'sh'],
      managerFlags: ['--journal', `${DISK}/journal.db`],
    });
  });
  after(() => watched[Symbol.asyncDispose]());

  test('the manager ends before it acts without a record, and goes on once it is mended', async () => {
    const { trial } = watched;
    const { manager } = trial;
    const mark = trial.mark();
    await manager.run('sh', ['-c', BREAK]);
    await trial.host('h1').freeze();
    const log = (): string => readFileSync(join(manager.directory, 'program.log'), 'utf8');
    const deadline = performance.now() + 10_000;
    while (!/the journal could not be written .* may not act without a record/.test(log())) {
      assert.ok(performance.now() < deadline, log());
      await sleep(20);
    }
    assert.equal(trial.switchedOff('h1'), 0);
    assert.deepEqual(trial.since(mark), []);
    await manager.run('sh', ['-c', `umount ${DISK}; e2fsck -fy ${IMAGE}; ${MOUNT_IMAGE}`]);
    await manager.startProgram();
    await watched.untilRuns('g1', 'h2');
    assert.equal(trial.switchedOff('h1'), 1);
    await makeWhole(watched);
    assert.deepEqual(trial.complaints, []);
  });
});

/** A reader that has stopped reading, before the first line is written. */
const FULL = '/run/full';
const PLUG = `mkfifo ${FULL}; exec 3<>${FULL}; dd if=/dev/zero of=${FULL} bs=4k oflag=nonblock 2>/dev/null`;

suite('a log that nobody reads', SKIP, () => {
  let watched: WatchedTrial;
  before(async () => {
    watched = await openTrial({
      hosts: ['h1', 'h2'],
      heartbeatTimeout: '1s',
      managerWithin: ['sh', '-c', `${PLUG}; exec "$@" >${FULL} 2>&1`, 'sh'],
    });
  });
  after(() => watched[Symbol.asyncDispose]());

  test('keeps nobody from being fenced', async () => {
    const { trial } = watched;
    await trial.host('h1').freeze();
    await watched.untilRuns('g1', 'h2');
    assert.equal(trial.switchedOff('h1'), 1);
    await makeWhole(watched);
    assert.deepEqual(trial.complaints, []);
  });
});
