// SPDX-License-Identifier: Apache-2.0
/** Scripts that SIGKILL does not end, as in state D: they stand in a frozen cgroup until it is thawed. */
import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, afterEach, before, suite, test } from 'node:test';
import { makeWhole } from './make-whole.ts';
import { groupOf, hostOf, type WatchedTrial } from '../../../src/trial/watched-trial.ts';
import { openTrial, SKIP } from './open-trial.ts';

/** Version 2 lets SIGKILL through. */
const FREEZER = '/sys/fs/cgroup/freezer';
const WHY = existsSync(FREEZER)
  ? SKIP.skip
  : `no ${FREEZER}: a frozen process cannot be killed there`;
const TIMEOUTS = { start: '1s', stop: '1s', monitor: '1s' };

suite('scripts that cannot be killed', { skip: WHY }, () => {
  let watched: WatchedTrial;
  let since: number;
  let stuck: string;
  before(async () => {
    const hosts = ['h1', 'h2'];
    const ha = { restart_attempts: 100, monitor_interval: '1s' };
    watched = await openTrial({ hosts, heartbeatTimeout: '1s', timeouts: TIMEOUTS, ha });
    const freezer = await readFile(join(watched.trial.host('h1').directory, 'freezer'), 'utf8');
    stuck = join(freezer.trim(), 'stuck');
    since = await watched.lastTold();
  });
  afterEach(async () => {
    if (existsSync(stuck)) thaw();
    await makeWhole(watched);
    assert.deepEqual(watched.trial.complaints, []);
    since = await watched.lastTold();
  });
  after(() => watched[Symbol.asyncDispose]());

  /** Once, on h1. */
  function playOnce(action: string): void {
    const freeze = `mkdir -p ${stuck}; echo FROZEN >${stuck}/freezer.state; echo $$ >${stuck}/cgroup.procs`;
    const shell = `rm "$faults/g1@h1"; ${freeze}; sleep 1000`;
    watched.trial.setFault('g1', `if [ "$action" = ${action} ]; then ${shell}; fi`, 'h1');
  }

  function thaw(): void {
    writeFileSync(join(stuck, 'freezer.state'), 'THAWED');
  }

  test('a stop that cannot be killed has its host fenced', async () => {
    const { trial } = watched;
    const mark = trial.mark();
    playOnce('stop');
    await watched.order('deactivate', 'h1');
    await watched.untilTold('ha.resource.stop-failed', 'g1', since);
    const status = await watched.untilRuns('g1', 'h2');
    assert.equal(hostOf(status, 'h1').status, 'off');
    assert.deepEqual(trial.since(mark, 'g1'), ['stop h1', 'start h2', 'started h2']);
  });

  test('a start that cannot be killed has its host fenced before its group starts elsewhere', async () => {
    const { trial } = watched;
    await watched.order('deactivate', 'h1');
    await watched.untilRuns('g1', 'h2');
    await watched.order('activate', 'h1');
    const mark = trial.mark();
    playOnce('start');
    await watched.order('failback', 'h1');
    await watched.untilTold('ha.resource.start-failed', 'g1', since);
    const status = await watched.untilRuns('g1', 'h2');
    assert.equal(hostOf(status, 'h1').status, 'off');
    assert.deepEqual(trial.since(mark, 'g1'), [
      ...['stop h2', 'stopped h2'],
      ...['start h1', 'start h2', 'started h2'],
    ]);
  });

  test('a monitor that cannot be killed has its resource stopped, and nothing starts before it has ended', async () => {
    const { trial } = watched;
    const mark = trial.mark();
    playOnce('monitor');
    await watched.untilTold('ha.resource.failed', 'g1', since);
    const status = await watched.until('it waits', (now) =>
      /h1 has not answered since.*monitor of g1 is left over/.test(groupOf(now, 'g1').reason),
    );
    assert.notEqual(groupOf(status, 'g1').status, 'running');
    assert.deepEqual(trial.since(mark, 'g1'), ['stop h1', 'stopped h1']);
    thaw();
    await watched.untilRuns('g1', 'h1');
  });
});
