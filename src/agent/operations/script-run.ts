// SPDX-License-Identifier: Apache-2.0
/**
 * Runs one OCF script once: written down before it begins, with a deadline, and ended with all that
 * it has started if it does not end by itself. After an exit of its own accord, what it left running
 * is the service, and is left alone.
 */
import { constants } from 'node:os';
import { messageOf } from '../../kernel/error.ts';
import type { ProcessTree } from '../../runtime/process-table.ts';
import { endProcesses, runProgram, type ProgramEnd } from '../../runtime/process.ts';
import type { Outcome } from '../contract.ts';
import { monotonicMs } from '../monotonic.ts';
import type { Script } from '../ocf/script.ts';
import { exitText, shorten } from './exit-text.ts';
import type { OpenOutput, OutputFiles, OutputText } from './output-files.ts';
import type { OperationRecord, OperationRecords } from './records.ts';

export type Run = {
  readonly record: OperationRecord;
  readonly script: Script;
  readonly environment: Readonly<Record<string, string>>;
  /** Ends a monitor that is in the way of something more important. */
  readonly signal: AbortSignal;
};

export type RunResult = OutputText & {
  /** With the leader, the outcome, and whether all of it is gone. */
  readonly record: OperationRecord;
  readonly outcome: Outcome;
  readonly begunAtMs: number;
  readonly endedAtMs: number;
};

export const KILL_GRACE_MS = 5_000;

/**
 * Runs $1 with $2 and writes its exit code to $3: known even if no agent is there to see it. The file
 * is there already and is not truncated, so that this needs no room in a full run directory.
 */
const WRAPPER = 'cd /; "$1" "$2"; code=$?; echo "$code" 1<>"$3"; exit "$code"';

export async function runScript(
  run: Run,
  records: OperationRecords,
  files: OutputFiles,
): Promise<RunResult> {
  const begunAtMs = monotonicMs();
  let record = { ...run.record, begunAtMs };
  let output;
  try {
    output = files.open(record.resource);
    records.begin(record);
  } catch (error) {
    output?.close();
    const text = shorten(`It cannot be written down in the run directory: ${messageOf(error)}`);
    const outcome: Outcome = { type: 'not-run', text };
    record = { ...record, outcome, gone: true };
    return { record, outcome, begunAtMs, endedAtMs: monotonicMs(), stdout: '', stderr: '' };
  }
  try {
    const onLeader = (leader: NonNullable<ProcessTree['leader']>): void => {
      record = { ...record, leader };
      try {
        records.save(record);
      } catch {
        // The run directory is full. The script runs already, and its mark finds it as well.
      }
    };
    const end = await spawn(run, record, records, output, onLeader);
    const alive = await isLeftAlive(end, records.treeOf(record));
    const text = output.read();
    const outcome = outcomeOf(end, record, text.stderr);
    record = { ...record, outcome, gone: !alive };
    return { record, outcome, begunAtMs, endedAtMs: monotonicMs(), ...text };
  } finally {
    output.close();
  }
}

async function spawn(
  run: Run,
  record: OperationRecord,
  records: OperationRecords,
  output: OpenOutput,
  onLeader: (leader: NonNullable<ProcessTree['leader']>) => void,
): Promise<ProgramEnd> {
  const { id, operation, timeoutMs } = record;
  const mark = records.markOf(id);
  const { end } = await runProgram({
    file: '/bin/sh',
    args: ['-c', WRAPPER, 'aureole-operation', run.script.path, operation, records.exitFile(id)],
    env: { ...run.environment, [mark.name]: mark.value },
    mark: `${mark.name}=${mark.value}`,
    timeoutMs,
    killGraceMs: KILL_GRACE_MS,
    outputBytesMax: 0,
    signal: run.signal,
    outlivesUs: output,
    onStarted: onLeader,
  });
  return end;
}

/** A script that was killed by somebody else left things half done: what it started is ended as well. */
async function isLeftAlive(end: ProgramEnd, tree: ProcessTree): Promise<boolean> {
  if (end.type === 'timed-out' || end.type === 'aborted') return end.alive;
  if (end.type === 'not-run') return false;
  const ownAccord = end.type === 'exited' && !isDeathBySignal(end.code);
  return ownAccord ? false : await endProcesses(tree, KILL_GRACE_MS);
}

/** The shell's way to tell of a signal; 190 and 191 are OCF's own. */
export function isDeathBySignal(code: number): boolean {
  return code > 128 && code < 160;
}

function outcomeOf(end: ProgramEnd, record: OperationRecord, stderr: string): Outcome {
  switch (end.type) {
    case 'exited':
      return { type: 'exited', code: end.code, text: exitText(end.code, stderr) };
    case 'signalled': {
      const number = Object.entries(constants.signals).find(([name]) => name === end.signal)?.[1];
      return { type: 'exited', code: 128 + (number ?? 0), text: `Killed by ${end.signal}.` };
    }
    case 'timed-out':
      return { type: 'timed-out', alive: end.alive, text: timeoutText(record, stderr) };
    case 'aborted':
      return { type: 'cancelled' };
    case 'not-run':
      return { type: 'not-run', text: shorten(end.text) };
  }
}

export function timeoutText(record: OperationRecord, stderr: string): string {
  const last = exitText(undefined, stderr);
  const said = last === '' ? '' : ` It said: ${last}`;
  return shorten(`The ${record.operation} did not end within ${record.timeoutMs} ms.${said}`);
}
