// SPDX-License-Identifier: Apache-2.0
/**
 * Hosts that are well, at `heartbeat_timeout: 1s`, on a machine with more to do than it can: two
 * programs that only compute take both of its processors, and the manager stands still for a minute in
 * between. Whoever loses its power, or is called silent, was well.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { WatchedTrial } from '../../src/trial/watched-trial.ts';
import type { Bench, BenchOptions } from '../bench.ts';
import type { Figure } from '../figure.ts';
import { Installation } from './installation.ts';

const HOSTS = ['h1', 'h2', 'h3', 'h4'];
const DEPENDENTS = 7;
const BUSY_PROGRAMS = 2;
const MINUTE_MS = 60_000;
const LONG = { durationMs: 30 * MINUTE_MS, stoppedMs: MINUTE_MS };
const QUICK = { durationMs: MINUTE_MS, stoppedMs: MINUTE_MS / 4 };
const ALARMS = new Set(['ha.host.silent', 'ha.fence.begun', 'ha.host.off', 'ha.host.not-fenced']);

export const falseAlarmsBench: Bench = {
  name: 'false-alarms',
  about:
    'fences of hosts that are well, on a busy machine, the manager stopped for 60 s; 32 minutes',
  run: measure,
};

async function measure({ quick, say }: BenchOptions): Promise<readonly Figure[]> {
  const { durationMs, stoppedMs } = quick ? QUICK : LONG;
  await using stack = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), 'aureole-bench-'));
  stack.defer(() => rmSync(folder, { recursive: true, force: true }));
  const watched = stack.use(await openCluster(folder));
  const { trial } = watched;
  const before = await watched.lastTold();
  stack.use(busyPrograms());
  const half = (durationMs - stoppedMs) / 2;
  await sleep(half);
  say(`the manager is stopped for ${stoppedMs / 1_000} s`);
  await trial.manager.stopProgram();
  await sleep(stoppedMs);
  await trial.manager.continueProgram();
  say('it goes on');
  await sleep(half);
  const told = (await watched.events()).filter(({ id, name }) => id > before && ALARMS.has(name));
  for (const { time, name, host = '', text } of told) say(`${time} ${name} ${host}: ${text}`);
  const offs = HOSTS.reduce((sum, host) => sum + trial.switchedOff(host), 0);
  const minutes = durationMs / MINUTE_MS;
  const note = `${minutes} minutes with ${HOSTS.length} hosts, the manager stopped for ${stoppedMs / 1_000} s of them`;
  return [
    figure('false-alarms', offs, 'power-offs', note),
    figure(
      'false-alarms-told',
      told.length,
      'events',
      `${note}: silent hosts and fences in its journal`,
    ),
  ];
}

async function openCluster(folder: string): Promise<WatchedTrial> {
  const installed = new Installation(folder);
  return await WatchedTrial.open({
    // Its name is also that of cgroups, which all labs share.
    directory: mkdtempSync(join(folder, 'lab-')),
    aureole: installed.commandOf('aureole'),
    agent: installed.commandOf('aureole-agent'),
    hosts: HOSTS,
    heartbeatTimeout: '1s',
    dependents: DEPENDENTS,
    canaries: false,
    resource: (thing) => ({
      kind: 'heartbeat/Dummy',
      parameters: { state: `/run/resource-agents/${thing}` },
    }),
    ha: { monitor_interval: '5s' },
  });
}

/** Each in a session of its own, to which the kernel gives as much as to each daemon. */
function busyPrograms(): AsyncDisposable {
  const programs = Array.from({ length: BUSY_PROGRAMS }, () => {
    const options = { stdio: 'ignore', detached: true } as const;
    const program = spawn('sh', ['-c', 'while :; do :; done'], options);
    return { program, gone: once(program, 'exit') };
  });
  return {
    [Symbol.asyncDispose]: async () => {
      for (const { program } of programs) program.kill('SIGKILL');
      await Promise.all(programs.map(({ gone }) => gone));
    },
  };
}

function figure(name: string, value: number, unit: string, note: string): Figure {
  return { figure: name, value, unit, runs: 1, bar: '0', holds: value === 0, note };
}
