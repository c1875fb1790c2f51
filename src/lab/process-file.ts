// SPDX-License-Identifier: Apache-2.0
/**
 * A process written down as `PID STARTTIME`, so that whoever comes later ends that process and no
 * other one that was given its pid.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { findProcess, isAlive, type ProcessId } from '../runtime/process-table.ts';

export function writeProcessFile(path: string, pid: number): void {
  writeFileSync(path, `${pid} ${findProcess(pid)?.startTicks ?? 0}\n`);
}

/** The process that the file names, if it is still alive. */
export function findNotedProcess(path: string): ProcessId | undefined {
  const [pid = 0, startTicks = 0] = readText(path).trim().split(' ').map(Number);
  const noted = { pid, startTicks };
  return pid > 0 && isAlive(noted) ? noted : undefined;
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
