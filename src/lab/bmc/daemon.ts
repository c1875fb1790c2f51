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
  /** Enter this network namespace first. */
  readonly namespace?: string | undefined;
  readonly ready: (pid: number) => Promise<boolean>;
};

const READY_DEADLINE_MS = 10_000;
const TERM_DEADLINE_MS = 1_000;
const POLL_MS = 10;

export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  const into = options.namespace === undefined ? [] : ['ip', 'netns', 'exec', options.namespace];
  const [program, ...args] = [...into, options.program, ...options.args];
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
    const over = new AbortController();
    const killed = delay(TERM_DEADLINE_MS, undefined, { signal: over.signal }).then(
      () => signalGroup(pid, 'SIGKILL'),
      () => undefined,
    );
    await exited;
    over.abort();
    await killed;
    signalGroup(pid, 'SIGKILL');
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
