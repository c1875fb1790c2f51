// SPDX-License-Identifier: Apache-2.0
/**
 * Runs a program in a session of its own, with a deadline and a bounded memory of its output, and
 * ends it with all that it has started. Nothing here rejects: how it ended is the result.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../kernel/error.ts';
import { findMembers, findProcess, type Member, type ProcessTree } from './process-table.ts';

export type Program = {
  readonly file: string;
  readonly args: readonly string[];
  /** All of its environment: nothing of ours is inherited. */
  readonly env: Readonly<Record<string, string>>;
  /** Written to its standard input, which is then closed. */
  readonly stdin?: string;
  readonly timeoutMs: number;
  /** From SIGTERM to SIGKILL. */
  readonly killGraceMs: number;
  /** Kept of each of stdout and stderr: the first half and the last half. */
  readonly outputBytesMax: number;
  readonly signal?: AbortSignal;
  /** `NAME=value` of `env` by which processes that leave the session are found and ended too. */
  readonly mark?: string;
  /**
   * For a program that must outlive us: open files for its output, since a pipe would break with our
   * end, and nothing of it keeps our own process from ending.
   */
  readonly outlivesUs?: { readonly stdout: number; readonly stderr: number };
  /** Told once it runs, so that the caller can write down whom to end after a crash of ours. */
  readonly onStarted?: (pid: number) => void;
};

/** `alive`: a process of it survived SIGKILL, for instance in state D. */
export type ProgramEnd =
  | { readonly type: 'exited'; readonly code: number }
  | { readonly type: 'signalled'; readonly signal: string }
  | { readonly type: 'timed-out'; readonly alive: boolean }
  | { readonly type: 'aborted'; readonly alive: boolean }
  | { readonly type: 'not-run'; readonly text: string };

export type ProgramResult = {
  readonly end: ProgramEnd;
  readonly stdout: string;
  readonly stderr: string;
  readonly durationMs: number;
  /** Absent if it was not run. */
  readonly pid?: number;
};

/** How long a killed process may take to vanish before it counts as stuck. */
const VANISH_MS = 2_000;
/** Between two looks: short at first, since most programs end at once; a look reads all of /proc. */
const FIRST_PAUSE_MS = 10;
const PAUSE_MS_MAX = 250;
/** What a program wrote just before its exit may still be in the pipe. */
const DRAIN_MS = 200;

export async function runProgram(program: Program): Promise<ProgramResult> {
  const begunAt = performance.now();
  const nothing = { stdout: '', stderr: '', durationMs: 0 };
  if (program.signal?.aborted) return { end: { type: 'aborted', alive: false }, ...nothing };
  const child = start(program);
  if (typeof child === 'string') return { end: { type: 'not-run', text: child }, ...nothing };
  const stdout = new BoundedOutput(program.outputBytesMax);
  const stderr = new BoundedOutput(program.outputBytesMax);
  const drained = Promise.all([collect(child.stdout, stdout), collect(child.stderr, stderr)]);
  const end = await superviseToEnd(child, program);
  await within(drained, DRAIN_MS);
  // A daemon that inherited the pipes may keep them open for ever.
  child.stdout?.destroy();
  child.stderr?.destroy();
  return {
    end,
    stdout: stdout.text(),
    stderr: stderr.text(),
    durationMs: Math.round(performance.now() - begunAt),
    ...(child.pid === undefined ? {} : { pid: child.pid }),
  };
}

/**
 * Ends all of a tree: SIGTERM, after the grace SIGKILL, to its group and to whatever left it.
 * True if something of it is, or may be, still alive in the end.
 */
export async function endProcesses(
  tree: ProcessTree,
  killGraceMs: number,
  look: Look = findMembers,
): Promise<boolean> {
  if (await signalUntilGone(tree, 'SIGTERM', killGraceMs, look)) return false;
  return !(await signalUntilGone(tree, 'SIGKILL', VANISH_MS, look));
}

type Look = (tree: ProcessTree) => Promise<Member[]>;

function start(program: Program): ChildProcess | string {
  try {
    const files = program.outlivesUs;
    const child = spawn(program.file, [...program.args], {
      cwd: '/',
      env: { ...program.env },
      detached: true,
      stdio: [
        program.stdin === undefined ? 'ignore' : 'pipe',
        files?.stdout ?? 'pipe',
        files?.stderr ?? 'pipe',
      ],
    });
    if (files !== undefined) child.unref();
    return child;
  } catch (error) {
    return messageOf(error); // For instance a NUL in an argument.
  }
}

async function superviseToEnd(child: ChildProcess, program: Program): Promise<ProgramEnd> {
  const ended = endOf(child);
  const { pid } = child;
  if (pid === undefined) return await ended;
  program.onStarted?.(pid);
  // A program that does not read its input may close it: that is its own business.
  child.stdin?.on('error', () => {});
  child.stdin?.end(program.stdin);
  const startTicks = findProcess(pid)?.startTicks ?? 0;
  const interrupt = new AbortController();
  const first = await Promise.race([ended, interruption(program, interrupt.signal)]);
  interrupt.abort();
  if (typeof first !== 'string') return first;
  const { mark } = program;
  const tree = { leader: { pid, startTicks }, ...(mark === undefined ? {} : { mark }) };
  return { type: first, alive: await endProcesses(tree, program.killGraceMs) };
}

function endOf(child: ChildProcess): Promise<ProgramEnd> {
  return new Promise((resolve) => {
    child.on('error', (error) => {
      if (child.pid === undefined) resolve({ type: 'not-run', text: messageOf(error) });
    });
    child.on('exit', (code, signal) => {
      if (code !== null) resolve({ type: 'exited', code });
      else resolve({ type: 'signalled', signal: signal ?? 'unknown signal' });
    });
  });
}

/** Resolves when the time is over or the caller wants no more; `settled` ends the wait. */
async function interruption(
  program: Program,
  settled: AbortSignal,
): Promise<'timed-out' | 'aborted'> {
  const wanted = program.signal;
  const signal = wanted === undefined ? settled : AbortSignal.any([wanted, settled]);
  try {
    await sleep(program.timeoutMs, undefined, { signal, ref: program.outlivesUs === undefined });
    return 'timed-out';
  } catch {
    return 'aborted';
  }
}

async function signalUntilGone(
  tree: ProcessTree,
  signal: NodeJS.Signals,
  withinMs: number,
  look: Look,
): Promise<boolean> {
  const until = performance.now() + withinMs;
  const told = new Set<string>();
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, PAUSE_MS_MAX)) {
    const members = await look(tree);
    if (members.length === 0) return true;
    for (const { pid, startTicks, certain } of members) {
      // A stranger that cannot be looked into holds us back, and is not to be killed for that.
      if (!certain) continue;
      // SIGTERM once to each: a second one may cut short the clean end that the first one began.
      const key = `${pid}/${startTicks}`;
      if (signal === 'SIGTERM' && told.has(key)) continue;
      told.add(key);
      send(pid, signal);
    }
    const leftMs = until - performance.now();
    if (leftMs <= 0) return false;
    await sleep(Math.min(pauseMs, leftMs));
  }
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // Gone between the look and the signal.
  }
}

function collect(stream: Readable | null, output: BoundedOutput): Promise<void> {
  return new Promise((resolve) => {
    if (stream === null) return resolve();
    stream.on('data', (chunk: Buffer) => output.add(chunk));
    stream.on('error', () => resolve());
    stream.on('close', () => resolve());
  });
}

async function within(promise: Promise<unknown>, deadlineMs: number): Promise<void> {
  const stop = new AbortController();
  const late = sleep(deadlineMs, undefined, { signal: stop.signal }).catch(() => undefined);
  await Promise.race([promise, late]);
  stop.abort();
}

/** The first half and the last half of what was written. */
class BoundedOutput {
  readonly #halfBytes: number;
  #head: Buffer = Buffer.alloc(0);
  #tail: Buffer = Buffer.alloc(0);
  #leftOutBytes = 0;

  constructor(bytesMax: number) {
    this.#halfBytes = Math.floor(bytesMax / 2);
  }

  add(chunk: Buffer): void {
    const room = this.#halfBytes - this.#head.length;
    this.#head = Buffer.concat([this.#head, chunk.subarray(0, room)]);
    const tail = Buffer.concat([this.#tail, chunk.subarray(room)]);
    this.#leftOutBytes += Math.max(0, tail.length - this.#halfBytes);
    this.#tail = tail.subarray(Math.max(0, tail.length - this.#halfBytes));
  }

  text(): string {
    const gap = this.#leftOutBytes > 0 ? `\n[... ${this.#leftOutBytes} bytes left out ...]\n` : '';
    return `${this.#head.toString('utf8')}${gap}${this.#tail.toString('utf8')}`;
  }
}
