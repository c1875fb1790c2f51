// SPDX-License-Identifier: Apache-2.0
/** What a process has cost so far, as the kernel counts it. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

export type ProcessCost = {
  /** Of its own, all threads, fork included. */
  readonly cpuMs: number;
  /** Of its children that have ended: from their fork on. */
  readonly childrenCpuMs: number;
  readonly residentMb: number;
  /** The most that it ever had. */
  readonly residentMbMax: number;
};

const TICK_MS = 1_000 / Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

export function costOf(pid: number): ProcessCost {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  // The command's name stands in brackets and may hold anything. The field after it is the third.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = (field: number): number => Number(fields[field - 3]) * TICK_MS;
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  const megabytes = (name: string): number =>
    (Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) * 1_024) / 1e6;
  return {
    cpuMs: ticks(14) + ticks(15),
    childrenCpuMs: ticks(16) + ticks(17),
    residentMb: megabytes('VmRSS'),
    residentMbMax: megabytes('VmHWM'),
  };
}
