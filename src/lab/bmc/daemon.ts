// SPDX-License-Identifier: Apache-2.0
/**
 * A stand-in device of the lab: a program in a process group of its own that is ready before it is
 * handed out and gone, children included, when `stop` resolves.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { AureoleError } from '../../kernel/error.ts';

export type Daemon = {
  readonly pid: number;
  readonly stop: () => Promise<void>;
};

export type DaemonOptions = {
  readonly program: string;
  readonly args: readonly string[];
  readonly directory: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Its output goes there. */
  readonly log: string;
  /** Path of a network namespace to enter first. The mounts stay: /sys/fs/cgroup is needed to switch. */
  readonly namespace?: string | undefined;
  readonly ready: (pid: number) => Promise<boolean>;
};

const READY_DEADLINE_MS = 10_000;
const STOP_DEADLINE_MS = 1_000;
const POLL_MS = 10;

export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  const into = options.namespace === undefined ? [] : ['nsenter', `--net=${options.namespace}`];
  const [program = options.program, ...args] = [...into, options.program, ...options.args];
  const log = openSync(options.log, 'a');
  const child = spawn(program, args, {
    cwd: options.directory,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', log, log],
    detached: true,
  });
  closeSync(log);
  const exited = once(child, 'exit').catch(() => undefined);
  await Promise.race([once(child, 'spawn'), exited]);
  const pid = child.pid;
  if (pid === undefined) throw notStarted(options, 'cannot be run');

  const stop = async () => {
    signalGroup(pid, 'SIGTERM');
    await atMost(STOP_DEADLINE_MS, exited);
    signalGroup(pid, 'SIGKILL');
    await atMost(STOP_DEADLINE_MS, exited);
  };

  const deadline = performance.now() + READY_DEADLINE_MS;
  while (!(await options.ready(pid))) {
    if (child.exitCode !== null || child.signalCode !== null || performance.now() > deadline) {
      await stop();
      throw notStarted(options, await lastWords(options.log));
    }
    await delay(POLL_MS);
  }
  return { pid, stop };
}

/** Does something listen on this port, in the network namespace of that process? */
export async function listens(pid: number, protocol: 'tcp' | 'udp', port: number) {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  const state = protocol === 'tcp' ? '0A' : '07';
  const table = await readFile(`/proc/${pid}/net/${protocol}`, 'utf8').catch(() => '');
  return table.split('\n').some((line) => {
    const [, local = '', , lineState] = line.trim().split(/\s+/);
    return local.endsWith(`:${hex}`) && lineState === state;
  });
}

async function atMost(deadlineMs: number, event: Promise<unknown>): Promise<void> {
  const over = new AbortController();
  const late = delay(deadlineMs, undefined, { signal: over.signal }).catch(() => undefined);
  await Promise.race([event, late]);
  over.abort();
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // Gone already.
  }
}

async function lastWords(log: string): Promise<string> {
  const text = await readFile(log, 'utf8').catch(() => '');
  return text.trim().slice(-500);
}

function notStarted(options: DaemonOptions, why: string): AureoleError {
  return new AureoleError(
    `${options.program} did not start: ${why}`,
    { code: 'lab-daemon-not-started' },
    { effect: 'none' },
  );
}
