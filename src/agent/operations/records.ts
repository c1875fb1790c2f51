// SPDX-License-Identifier: Apache-2.0
/**
 * One file for each operation, written before its script is run: an agent that comes after a crash
 * finds what was under way, and the outcome of what had ended. The exit file beside it is written by
 * the wrapper around the script, so that an exit is known even if no agent was there to see it.
 */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { ProcessTree } from '../../runtime/process-table.ts';
import { OPERATIONS, Outcome } from '../contract.ts';
import type { Mark } from '../ocf/meta-data.ts';
import { readState, writeState } from '../state-file.ts';

export const OperationRecord = z.strictObject({
  id: z.string(),
  /** Absent for a monitor of the agent's own watch. */
  request: z.string().optional(),
  incarnation: z.string(),
  operation: z.enum(OPERATIONS),
  resource: z.string(),
  identity: z.string(),
  timeoutMs: z.int(),
  /** On the monotonic clock, which goes on over restarts of the agent. */
  begunAtMs: z.int(),
  /** Absent until the script runs; a crash in between leaves the mark alone to find it by. */
  leader: z.object({ pid: z.int(), startTicks: z.int() }).optional(),
  outcome: Outcome.optional(),
  /** No process of it is there any more, but what it was meant to leave: the service. */
  gone: z.boolean(),
});
export type OperationRecord = z.infer<typeof OperationRecord>;

/** The wrapper writes over the beginning of it. */
const EXIT_UNKNOWN = '----\n';

/** The environment variable that every process of an operation carries. */
const MARK_NAME = 'AUREOLE_OPERATION';

export class OperationRecords {
  readonly #folder: string;
  readonly #boot: string;

  constructor(folder: string, boot: string) {
    this.#folder = folder;
    this.#boot = boot;
  }

  /** Oldest first. */
  load(): OperationRecord[] {
    const records: OperationRecord[] = [];
    for (const name of readdirSync(this.#folder)) {
      if (!name.endsWith('.json')) continue;
      const record = readState(join(this.#folder, name), OperationRecord);
      if (record !== undefined) records.push(record);
    }
    return records.toSorted((a, b) => a.begunAtMs - b.begunAtMs);
  }

  /** With room for its exit. */
  begin(record: OperationRecord): void {
    writeFileSync(this.exitFile(record.id), EXIT_UNKNOWN, { mode: 0o600 });
    this.save(record);
  }

  save(record: OperationRecord): void {
    writeState(join(this.#folder, `${record.id}.json`), record);
  }

  remove(id: string): void {
    rmSync(join(this.#folder, `${id}.json`), { force: true });
    rmSync(this.exitFile(id), { force: true });
  }

  exitFile(id: string): string {
    return join(this.#folder, `${id}.exit`);
  }

  /** The script's exit code, if it ended by itself. */
  findExit(id: string): number | undefined {
    try {
      const [, digits] = /^(\d{1,3})\n/.exec(readFileSync(this.exitFile(id), 'utf8')) ?? [];
      return digits === undefined ? undefined : Number(digits);
    } catch {
      return undefined;
    }
  }

  markOf(id: string): Mark {
    return { name: MARK_NAME, value: `${this.#boot}/${id}` };
  }

  treeOf({ id, leader }: Pick<OperationRecord, 'id' | 'leader'>): ProcessTree {
    const { name, value } = this.markOf(id);
    const mark = `${name}=${value}`;
    return leader === undefined ? { mark } : { mark, leader };
  }
}
