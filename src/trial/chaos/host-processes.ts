// SPDX-License-Identifier: Apache-2.0
/** What the daemons of a cluster take, and what they have left behind, read from /proc. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { LabHost } from '../../lab/host.ts';
import { findProcess } from '../../runtime/process-table.ts';
import type { Sample } from './memory.ts';

const TICKS_PER_SECOND = 100;
const KB_PER_MB = 1_024;

/** The host's program, as it is seen from outside of the host; undefined while it does not run. */
export function programOf(host: LabHost): number | undefined {
  const pid = read(join(host.directory, 'program.pid')).trim();
  const init = host.init?.pid ?? 0;
  const children = read(`/proc/${init}/task/${init}/children`).trim().split(' ').map(Number);
  return children.find((one) => {
    const [, inside] = /^NSpid:.*\s(\d+)$/m.exec(read(`/proc/${one}/status`)) ?? [];
    return inside === pid && findProcess(one) !== undefined;
  });
}

export function sampleOf(host: LabHost): Sample | undefined {
  const pid = programOf(host);
  const entry = pid === undefined ? undefined : findProcess(pid);
  if (pid === undefined || entry === undefined) return undefined;
  const [, kb] = /^VmRSS:\s*(\d+) kB$/m.exec(read(`/proc/${pid}/status`)) ?? [];
  return {
    name: host.name,
    process: `${pid}/${entry.startTicks}`,
    atMs: performance.now(),
    rssMb: Math.round(Number(kb ?? 0) / KB_PER_MB),
    files: list(`/proc/${pid}/fd`).length,
  };
}

/** Processes of the host that are older than that and bear this in their command line. */
export function leftoversOf(
  host: LabHost,
  pattern: RegExp,
  olderThanMs: number,
): readonly string[] {
  const uptimeMs = Number(read('/proc/uptime').split(' ')[0]) * 1_000;
  return insidersOf(host).flatMap((pid) => {
    const line = read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim();
    const entry = findProcess(pid);
    if (entry === undefined || !pattern.test(line)) return [];
    const ageMs = uptimeMs - (entry.startTicks / TICKS_PER_SECOND) * 1_000;
    return ageMs > olderThanMs ? [`process ${pid} of ${host.name} (${line.slice(0, 120)})`] : [];
  });
}

/** All of its processes, by their pids outside. */
function insidersOf(host: LabHost): readonly number[] {
  const { init } = host;
  const namespace = init === undefined ? undefined : namespaceOf(init.pid);
  if (namespace === undefined) return [];
  const pids = list('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
  return pids.filter((pid) => namespaceOf(pid) === namespace);
}

function namespaceOf(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`);
  } catch {
    return undefined;
  }
}

function list(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // It has ended, or never began.
  }
}
