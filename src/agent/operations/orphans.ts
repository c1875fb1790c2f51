// SPDX-License-Identifier: Apache-2.0
/**
 * Operations that an earlier incarnation of the agent left behind. A start or stop is awaited, so
 * that an upgrade of the agent costs nothing, but no longer than the time it was given; a monitor is
 * of no use to anybody and ended. Only the exit file proves that a script ended by itself, and that
 * what it left running is the service.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { findMembers, isAlive } from '../../runtime/process-table.ts';
import { endProcesses } from '../../runtime/process.ts';
import type { Outcome } from '../contract.ts';
import { monotonicMs } from '../monotonic.ts';
import { exitText } from './exit-text.ts';
import type { OutputFiles } from './output-files.ts';
import type { OperationRecord, OperationRecords } from './records.ts';
import { isDeathBySignal, KILL_GRACE_MS, timeoutText } from './script-run.ts';

const LOOK_EVERY_MS = 100;
const STUCK_LOOK_MS = 1_000;

/** Follows it until its end is known; the record returned says what it was and whether all is gone. */
export async function followOrphan(
  record: OperationRecord,
  records: OperationRecords,
  files: OutputFiles,
  signal: AbortSignal,
): Promise<OperationRecord> {
  const untilMs = record.begunAtMs + record.timeoutMs;
  while (!signal.aborted) {
    const isOver = monotonicMs() >= untilMs;
    // In this order: a script that is gone without an exit file now will never have one.
    const isRunning = await isScriptAlive(record, records);
    const code = records.findExit(record.id);
    if (code !== undefined) return await exited(record, code, records, files);
    if (isOver || !isRunning || record.operation === 'monitor') {
      return await ended(record, isOver, records, files);
    }
    await pause(LOOK_EVERY_MS, signal);
  }
  return record;
}

/** Ends what is there again and again, since state D heeds no signal, until nothing is. */
export async function awaitGone(
  record: OperationRecord,
  records: OperationRecords,
  signal: AbortSignal,
): Promise<boolean> {
  while (!signal.aborted) {
    if (!(await endProcesses(records.treeOf(record), 0))) return true;
    await pause(STUCK_LOOK_MS, signal);
  }
  return false;
}

async function exited(
  record: OperationRecord,
  code: number,
  records: OperationRecords,
  files: OutputFiles,
): Promise<OperationRecord> {
  const alive = isDeathBySignal(code)
    ? await endProcesses(records.treeOf(record), KILL_GRACE_MS)
    : false;
  const text = exitText(code, files.read(record.resource).stderr);
  return { ...record, outcome: { type: 'exited', code, text }, gone: !alive };
}

async function ended(
  record: OperationRecord,
  isOver: boolean,
  records: OperationRecords,
  files: OutputFiles,
): Promise<OperationRecord> {
  const alive = await endProcesses(records.treeOf(record), KILL_GRACE_MS);
  const { stderr } = files.read(record.resource);
  const outcome: Outcome = isOver
    ? { type: 'timed-out', alive, text: timeoutText(record, stderr) }
    : { type: 'lost', text: 'The agent ended while it ran; how it ended is not known.' };
  return { ...record, outcome, gone: !alive };
}

async function isScriptAlive(record: OperationRecord, records: OperationRecords): Promise<boolean> {
  if (record.leader !== undefined) return isAlive(record.leader);
  return (await findMembers(records.treeOf(record))).length > 0;
}

async function pause(durationMs: number, signal: AbortSignal): Promise<void> {
  await sleep(durationMs, undefined, { signal, ref: false }).catch(() => {});
}
