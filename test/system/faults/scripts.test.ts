// SPDX-License-Identifier: Apache-2.0
/** Faults of resource scripts: they hang, fail, end late, by a signal or with any code. */
import assert from 'node:assert/strict';
import { after, afterEach, before, suite, test } from 'node:test';
import { makeWhole } from './make-whole.ts';
import { hostOf, type WatchedTrial } from '../../../src/trial/watched-trial.ts';
import { openTrial, SKIP } from './open-trial.ts';

const HEEDLESS = "trap '' TERM; while :; do sleep 1; done";
const TIMEOUTS = { start: '2s', stop: '2s', monitor: '1s' };

suite('faults of scripts', SKIP, () => {
  let watched: WatchedTrial;
  let since: number;
  before(async () => {
    const hosts = ['h1', 'h2'];
    const ha = { restart_attempts: 100, monitor_interval: '1s' };
    watched = await openTrial({ hosts, heartbeatTimeout: '1s', timeouts: TIMEOUTS, ha });
    since = await watched.lastTold();
  });
  afterEach(async () => {
    await makeWhole(watched);
    assert.deepEqual(watched.trial.complaints, []);
    since = await watched.lastTold();
  });
  after(() => watched[Symbol.asyncDispose]());

  /** Once, on h1. */
  function playOnce(action: string, shell: string): void {
    const once = `rm "$faults/g1@h1"; ${shell}`;
    watched.trial.setFault('g1', `if [ "$action" = ${action} ]; then ${once}; fi`, 'h1');
  }

  const monitors: readonly [string, string][] = [
    ['hangs', 'sleep 1000'],
    ['hangs and heeds no SIGTERM', HEEDLESS],
    ['fails', 'exit 1'],
    ['says that it is not installed', 'exit 5'],
    ['ends with a code that nobody knows', 'exit 42'],
    ['ends with 255', 'exit 255'],
    ['is killed', 'kill -KILL $$'],
  ];

  for (const [what, shell] of monitors) {
    test(`a monitor that ${what} has its resource stopped, and started in place`, async () => {
      const { trial } = watched;
      const offs = trial.switchedOff('h1');
      const mark = trial.mark();
      playOnce('monitor', shell);
      await watched.untilTold('ha.resource.failed', 'g1', since);
      await watched.untilRuns('g1', 'h1');
      const said = ['stop h1', 'stopped h1', 'start h1', 'started h1'];
      assert.deepEqual(trial.since(mark, 'g1'), said);
      assert.equal(trial.switchedOff('h1'), offs);
    });
  }

  const broken: readonly [string, string][] = [
    ['hangs and heeds no SIGTERM', HEEDLESS],
    ['ends with a code that nobody knows', 'exit 42'],
    ['is killed', 'kill -KILL $$'],
  ];

  for (const [what, shell] of broken) {
    test(`a start that ${what} is followed by a stop, and the group stays where it can run`, async () => {
      const { trial } = watched;
      const offs = trial.switchedOff('h1');
      await watched.order('deactivate', 'h1');
      await watched.untilRuns('g1', 'h2');
      await watched.order('activate', 'h1');
      const mark = trial.mark();
      playOnce('start', shell);
      await watched.order('failback', 'h1');
      await watched.untilTold('ha.resource.start-failed', 'g1', since);
      await watched.untilRuns('g1', 'h2');
      assert.deepEqual(trial.since(mark, 'g1'), [
        ...['stop h2', 'stopped h2'],
        ...['start h1', 'stop h1', 'stopped h1'],
        ...['start h2', 'started h2'],
      ]);
      assert.equal(trial.switchedOff('h1'), offs);
    });

    test(`a stop that ${what} has its host fenced`, async () => {
      const { trial } = watched;
      const offs = trial.switchedOff('h1');
      const mark = trial.mark();
      playOnce('stop', shell);
      await watched.order('deactivate', 'h1');
      await watched.untilTold('ha.resource.stop-failed', 'g1', since);
      const status = await watched.untilRuns('g1', 'h2');
      assert.equal(hostOf(status, 'h1').status, 'off');
      assert.equal(trial.switchedOff('h1') - offs, 1);
      assert.deepEqual(trial.since(mark, 'g1'), ['stop h1', 'start h2', 'started h2']);
    });
  }

  test('a start that goes on behind its time-out is ended before its group starts elsewhere', async () => {
    const { trial } = watched;
    await watched.order('deactivate', 'h1');
    await watched.untilRuns('g1', 'h2');
    await watched.order('activate', 'h1');
    const mark = trial.mark();
    // In a session of its own, and heedless: only by its mark in the environment it is found.
    const late = `setsid sh -c "trap '' TERM; sleep 9; echo late >>$state.late; : >$state" &`;
    playOnce('start', `${late} sleep 1000`);
    await watched.order('failback', 'h1');
    await watched.untilTold('ha.resource.start-failed', 'g1', since);
    await watched.untilRuns('g1', 'h2');
    assert.deepEqual(trial.since(mark, 'g1').slice(-2), ['start h2', 'started h2']);
    const left = await trial
      .host('h1')
      .run('pgrep', ['-f', 'sleep 9'])
      .catch(() => '');
    assert.equal(left, '');
  });

  test('megabytes on both outputs are kept short, and change nothing', async () => {
    const { trial } = watched;
    const flood = `yes out | head -c 30000000; yes err | head -c 30000000 >&2`;
    trial.setFault('g1', flood, 'h1');
    await watched.order('deactivate', 'h1');
    await watched.untilRuns('g1', 'h2');
    await watched.order('activate', 'h1');
    await watched.order('failback', 'h1');
    await watched.untilRuns('g1', 'h1');
    const used = await trial.host('h1').run('du', ['-sk', '/run/aureole']);
    assert.ok(Number.parseInt(used, 10) < 2_000, used);
    const { outputs } = await watched.api.explain('g1', AbortSignal.timeout(5_000));
    const said = outputs.find(({ host, resource }) => host === 'h1' && resource === 'g1');
    assert.match(said?.stdout ?? '', /^out\nout[^]*bytes left out[^]*out\n/);
    assert.match(said?.stderr ?? '', /^err\nerr[^]*bytes left out[^]*err\n/);
  });
});
