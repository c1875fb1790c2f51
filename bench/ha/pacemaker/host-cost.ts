// SPDX-License-Identifier: Apache-2.0
/**
 * What a stack costs its host. Memory is counted in two ways. PSS shares each page among all processes of
 * the machine that have it mapped; the lab's hosts are one machine, and share pages that two machines
 * would not. Unshared, a host is taken as a machine of its own: each page frame that one of its daemons
 * has mapped, once.
 */
import { closeSync, openSync, readdirSync, readFileSync, readlinkSync, readSync } from 'node:fs';
import { basename } from 'node:path';
import type { LabHost } from '../../../src/lab/host.ts';
import { costOf } from '../process-cost.ts';

const PAGE_BYTES = 4_096;
const ENTRY_BYTES = 8;
/** Of an entry of /proc/PID/pagemap, as two numbers of 32 bits. */
const PRESENT = 0x8000_0000;
const FRAME_HIGH = 0x7f_ffff;

export type Memory = { readonly pssMb: number; readonly unsharedMb: number };

export function memoryOf(host: LabHost, daemons: RegExp): Memory {
  const frames = new Set<number>();
  let pssKb = 0;
  for (const pid of daemonsOf(host, daemons)) {
    for (const frame of framesOf(pid)) frames.add(frame);
    pssKb += pssKbOf(pid);
  }
  return { pssMb: (pssKb * 1_024) / 1e6, unsharedMb: (frames.size * PAGE_BYTES) / 1e6 };
}

/** Of the daemons and of whatever they have run since they were started, by the kernel's count. */
export function cpuMs(host: LabHost, daemons: RegExp): { own: number; children: number } {
  const costs = daemonsOf(host, daemons).map(costOf);
  return {
    own: costs.reduce((sum, cost) => sum + cost.cpuMs, 0),
    children: costs.reduce((sum, cost) => sum + cost.childrenCpuMs, 0),
  };
}

function daemonsOf(host: LabHost, daemons: RegExp): readonly number[] {
  const init = host.init?.pid ?? 0;
  const namespace = linkOf(`/proc/${init}/ns/pid`);
  const pids = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => linkOf(`/proc/${pid}/ns/pid`) === namespace)
    .filter((pid) => daemons.test(basename(linkOf(`/proc/${pid}/exe`) ?? '')));
  if (pids.length === 0) throw new Error(`${host.name}: no daemon runs there`);
  return pids.map(Number);
}

function pssKbOf(pid: number): number {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1');
  return Number(/^Pss: +(\d+) kB$/m.exec(rollup)?.[1]);
}

function* framesOf(pid: number): Generator<number> {
  const pagemap = openSync(`/proc/${pid}/pagemap`, 'r');
  try {
    for (const { first, pages } of mappedRanges(pid)) {
      const entries = Buffer.alloc(pages * ENTRY_BYTES);
      const length = readSync(pagemap, entries, 0, entries.length, first * ENTRY_BYTES);
      for (let at = 0; at < length; at += ENTRY_BYTES) {
        const high = entries.readUInt32LE(at + 4);
        if ((high & PRESENT) === 0) continue;
        yield (high & FRAME_HIGH) * 2 ** 32 + entries.readUInt32LE(at);
      }
    }
  } finally {
    closeSync(pagemap);
  }
}

/** What has pages in memory: reservations of many gigabytes have none. */
function mappedRanges(pid: number): readonly { first: number; pages: number }[] {
  const smaps = readFileSync(`/proc/${pid}/smaps`, 'latin1');
  const mapping = /^([0-9a-f]+)-([0-9a-f]+) .*\n(?:[A-Z].*\n)*?Rss: +([0-9]+) kB$/gm;
  return [...smaps.matchAll(mapping)].flatMap(([, from = '', to = '', resident]) => {
    const [first, end] = [parseInt(from, 16) / PAGE_BYTES, parseInt(to, 16) / PAGE_BYTES];
    return resident === '0' ? [] : [{ first, pages: end - first }];
  });
}

function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined; // It has ended, or is a kernel thread.
  }
}
