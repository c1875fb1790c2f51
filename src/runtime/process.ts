// SPDX-License-Identifier: Apache-2.0
/**
 * Runs a program in a session of its own, with a deadline and a bounded memory of its output, and
 * ends it with all that it has started. Nothing here rejects: how it ended is the result.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../kernel/error.ts';
import { posixSpawner } from './posix-spawn.ts';
import { findMembers, findProcess, type Member } from './process-table.ts';
import type { ProcessId, ProcessTree } from './process-table.ts';

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
  readonly onStarted?: (leader: ProcessId) => void;
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
  const started = await start(program);
  if (typeof started === 'string') return { end: { type: 'not-run', text: started }, ...nothing };
  const { pid, child } = started;
  const stdout = new BoundedOutput(program.outputBytesMax);
  const stderr = new BoundedOutput(program.outputBytesMax);
  const drained =
    child && Promise.all([collect(child.stdout, stdout), collect(child.stderr, stderr)]);
  const end = await superviseToEnd(started, program);
  if (drained !== undefined) await within(drained, DRAIN_MS);
  // A daemon that inherited the pipes may keep them open for ever.
  child?.stdout?.destroy();
  child?.stderr?.destroy();
  return {
    end,
    stdout: stdout.text(),
    stderr: stderr.text(),
    durationMs: Math.round(performance.now() - begunAt),
    ...(pid === undefined ? {} : { pid }),
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

type Started = {
  readonly pid: number | undefined;
  readonly ended: Promise<ProgramEnd>;
  /** Of a program that does not outlive us. */
  readonly child?: ChildProcess;
};

/** Or why it could not be started. */
async function start(program: Program): Promise<Started | string> {
  const { file, args, env, stdin, outlivesUs } = program;
  try {
    if (outlivesUs !== undefined) {
      const spawnAlone = await posixSpawner();
      const { pid, ended } = spawnAlone({ file, args, env, ...outlivesUs });
      return { pid, ended };
    }
    const child = spawn(file, [...args], {
      cwd: '/',
      env: { ...env },
      detached: true,
      stdio: [stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    });
    return { pid: child.pid, ended: endOf(child), child };
  } catch (error) {
    return messageOf(error); // For instance a NUL in an argument.
  }
}

async function superviseToEnd(
  { pid, ended, child }: Started,
  program: Program,
): Promise<ProgramEnd> {
  if (pid === undefined) return await ended;
  const leader = { pid, startTicks: findProcess(pid)?.startTicks ?? 0 };
  program.onStarted?.(leader);
  // A program that does not read its input may close it: that is its own business.
  child?.stdin?.on('error', () => {});
  child?.stdin?.end(program.stdin);
  using interruption = new Interruption(program);
  const first = await Promise.race([ended, interruption.came]);
  if (typeof first !== 'string') return first;
  const { mark } = program;
  const tree = { leader, ...(mark === undefined ? {} : { mark }) };
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

/** The time is over, or the caller wants no more. */
class Interruption implements Disposable {
  readonly came: Promise<'timed-out' | 'aborted'>;
  readonly #signal: AbortSignal | undefined;
  readonly #timer: NodeJS.Timeout;
  readonly #abort: () => void;

  constructor({ timeoutMs, signal, outlivesUs }: Program) {
    const { promise, resolve } = Promise.withResolvers<'timed-out' | 'aborted'>();
    this.came = promise;
    this.#signal = signal;
    this.#timer = setTimeout(resolve, timeoutMs, 'timed-out');
    if (outlivesUs !== undefined) this.#timer.unref();
    this.#abort = () => resolve('aborted');
    signal?.addEventListener('abort', this.#abort);
    if (signal?.aborted === true) this.#abort();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#signal?.removeEventListener('abort', this.#abort);
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
