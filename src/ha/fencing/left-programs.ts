// SPDX-License-Identifier: Apache-2.0
/**
 * Fence programs that run, on record. A manager that is killed leaves its fence programs running:
 * one of them might switch a host off minutes later, when nobody wants that any more. So each is
 * recorded before it can act, by pid and start time and by a mark in its environment, and the next
 * manager ends what the record names before it fences anybody. See ADR 1, "Crash and restart".
 * The directory is best kept in /run: a reboot ends the programs anyway, and no full disk is in the way.
 */
import { randomUUID } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { endProcesses } from '../../runtime/process.ts';
import { findProcess } from '../../runtime/process-table.ts';
import type { PowerAction } from '../core/messages.ts';

const Running = z.strictObject({
  device: z.string(),
  action: z.enum(['status', 'off', 'on']),
  /** A pid means something in its own boot only. */
  kernelBoot: z.string(),
  mark: z.string(),
  leader: z.strictObject({ pid: z.int(), startTicks: z.int() }).optional(),
});
type Running = z.infer<typeof Running>;

export type LeftProgram = {
  readonly device: string;
  readonly action: PowerAction;
  /** False: it survived SIGKILL, for instance in state D. Its record stays. */
  readonly ended: boolean;
};

export const KILL_GRACE_MS = 500;
const SUFFIX = '.fence.json';
const HALF = '.half';

export class FenceRecord {
  /** To be set in the program's environment. */
  readonly mark: string;
  readonly #path: string;
  readonly #running: Running;

  constructor(directory: string, device: string, action: PowerAction) {
    const id = randomUUID();
    this.mark = `AUREOLE_FENCE=${id}`;
    this.#path = join(directory, `${id}${SUFFIX}`);
    this.#running = { device, action, kernelBoot: readKernelBoot(), mark: this.mark };
    write(this.#path, this.#running);
  }

  /** The mark alone would do; with the pid a program that has changed its environment is found too. */
  started(pid: number): void {
    const startTicks = findProcess(pid)?.startTicks;
    if (startTicks === undefined) return;
    write(this.#path, { ...this.#running, leader: { pid, startTicks } });
  }

  remove(): void {
    discard(this.#path);
  }
}

/** Ends what an earlier manager left. Call it before the first fence program is run. */
export async function endLeftFencePrograms(directory: string): Promise<readonly LeftProgram[]> {
  const left: LeftProgram[] = [];
  for (const path of recordsIn(directory)) {
    const running = read(path);
    if (running === undefined || running.kernelBoot !== readKernelBoot()) {
      discard(path);
      continue;
    }
    const { mark, leader, device, action } = running;
    const tree = { mark, ...(leader === undefined ? {} : { leader }) };
    const ended = !(await endProcesses(tree, KILL_GRACE_MS));
    if (ended) discard(path);
    left.push({ device, action, ended });
  }
  return left;
}

function recordsIn(directory: string): readonly string[] {
  // Where none can be, none is left; who serves the socket beside it says what is wrong with the place.
  if (!existsSync(directory)) return [];
  const names = readdirSync(directory).toSorted();
  // Of a manager that was killed while it wrote.
  const halves = names.filter((name) => name.endsWith(SUFFIX + HALF));
  for (const name of halves) discard(join(directory, name));
  return names.filter((name) => name.endsWith(SUFFIX)).map((name) => join(directory, name));
}

/**
 * Whole or not at all: an empty record would name nobody. A full disk must not stop a fence whose
 * intent is in the journal: what cannot be recorded is run all the same.
 */
function write(path: string, running: Running): void {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(path + HALF, JSON.stringify(running), { mode: 0o600 });
    renameSync(path + HALF, path);
  } catch {
    discard(path + HALF);
  }
}

/** A record that cannot be removed names nobody who lives, and is tried again by the next manager. */
function discard(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // A read-only filesystem, for instance.
  }
}

function read(path: string): Running | undefined {
  try {
    return Running.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return undefined;
  }
}

function readKernelBoot(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}
