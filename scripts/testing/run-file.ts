// SPDX-License-Identifier: Apache-2.0
/** Runs one test file in a process of its own, with a deadline, and says what became of its tests. */
import { randomUUID } from 'node:crypto';
import { finished } from 'node:stream/promises';
import { run } from 'node:test';
import { inspect } from 'node:util';
import { endLeftovers, MARK } from './leftovers.ts';

export type Verdict = { readonly name: string; readonly text: string };

export type FileResult = {
  readonly file: string;
  readonly passed: number;
  readonly failed: readonly Verdict[];
  readonly skipped: readonly Verdict[];
  readonly durationMs: number;
  /** The end of what the file wrote, for whoever looks into a failure. */
  readonly output: string;
};

type Tally = { passed: number; failed: Verdict[]; skipped: Verdict[]; output: string };

const OUTPUT_MAX = 20_000;

/** Never rejects: what goes wrong with the file is a failure of it. */
export async function runFile(
  file: string,
  options: { cwd: string; deadlineMs: number; signal: AbortSignal },
): Promise<FileResult> {
  const begun = performance.now();
  const mark = randomUUID();
  const deadline = AbortSignal.timeout(options.deadlineMs);
  const signal = AbortSignal.any([options.signal, deadline]);
  const tally = await tallyOf(file, { cwd: options.cwd, signal, mark });
  if (deadline.aborted) {
    const text = `did not end within ${options.deadlineMs / 1_000} s: a test or what it left hangs`;
    tally.failed.push({ name: file, text });
  }
  for (const leftover of await endLeftovers(mark)) {
    tally.failed.push({ name: file, text: `left ${leftover} behind` });
  }
  return { ...tally, file, durationMs: performance.now() - begun };
}

async function tallyOf(
  file: string,
  options: { cwd: string; signal: AbortSignal; mark: string },
): Promise<Tally> {
  const tally: Tally = { passed: 0, failed: [], skipped: [], output: '' };
  const env = { ...process.env, [MARK]: options.mark };
  const stream = run({ files: [file], cwd: options.cwd, env, signal: options.signal });
  const keep = ({ message }: { message: string }): void => {
    tally.output = (tally.output + message).slice(-OUTPUT_MAX);
  };
  stream.on('test:stdout', keep).on('test:stderr', keep);
  stream.on('test:pass', ({ name, skip, todo, details }) => {
    if (details.type === 'suite') return;
    const omitted = skip ?? todo;
    if (omitted !== undefined) tally.skipped.push({ name, text: reasonOf(omitted) });
    else if (file.endsWith(name)) tally.failed.push({ name, text: 'has no tests' });
    else tally.passed += 1;
  });
  stream.on('test:fail', ({ name, todo, details }) => {
    if (todo !== undefined) tally.skipped.push({ name, text: reasonOf(todo) });
    else if (details.type !== 'suite') tally.failed.push({ name, text: causeOf(details.error) });
  });
  await finished(stream.resume());
  return tally;
}

function reasonOf(omitted: string | boolean): string {
  return typeof omitted === 'string' && omitted !== '' ? omitted : 'no reason is given';
}

/** The runner wraps what a test threw. Frames of Node itself help nobody. */
function causeOf(error: Error): string {
  const cause = error.cause instanceof Error ? error.cause : error;
  const text = isAssertion(cause) ? (cause.stack ?? cause.message) : inspect(cause, { depth: 4 });
  return text.replace(/\n +at .*\(?node:internal\/.*/g, '').trim();
}

/** Its stack begins with the difference; its fields would only say the same again. */
function isAssertion(error: Error): boolean {
  return 'code' in error && error.code === 'ERR_ASSERTION';
}
