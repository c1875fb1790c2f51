// SPDX-License-Identifier: Apache-2.0
/**
 * A small disk of its own for the manager's journal, so that it can be full and nobody else notices.
 * It is mounted by the manager's host at each boot, and seen from outside through that host.
 */
import { closeSync, cpSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { LabHost } from '../../lab/host.ts';
import type { Lab } from '../../lab/lab.ts';
import { shellCommand, writeShellScript } from '../../lab/shell.ts';

/** The journal keeps 16 MB in reserve where twice as much is free. */
const SIZE_MB = 64;
const CHUNK = Buffer.alloc(65_536);

export class JournalDisk {
  readonly #directory: string;

  /** `lab`: the directory of a lab that may still have to be opened. */
  constructor(lab: string) {
    this.#directory = join(lab, 'journal-disk');
  }

  /** What the manager is called within: mounts the disk first. */
  get within(): readonly string[] {
    return [this.#script];
  }

  get flags(): readonly string[] {
    return ['--journal', join(this.#directory, 'journal.db')];
  }

  async make(lab: Lab): Promise<void> {
    mkdirSync(this.#directory);
    const device = await lab.disk('journal', SIZE_MB);
    const mounted = shellCommand(['mountpoint', '-q', this.#directory]);
    const mount = shellCommand(['mount', device, this.#directory]);
    writeShellScript(this.#script, `${mounted} || ${mount} || exit 1\nexec "$@"`);
  }

  /** Until nothing more fits. */
  fill(manager: LabHost): void {
    const file = openSync(join(this.#seen(manager), 'fill'), 'w');
    try {
      for (let left = SIZE_MB * 1_048_576; left > 0;) left -= writeSync(file, CHUNK);
    } catch (error) {
      if (!isFull(error)) throw error;
    } finally {
      closeSync(file);
    }
  }

  makeRoom(manager: LabHost): void {
    if (manager.init !== undefined) rmSync(join(this.#seen(manager), 'fill'), { force: true });
  }

  /** The journal, for whoever looks into a violation. */
  copyTo(manager: LabHost, directory: string): void {
    for (const name of ['journal.db', 'journal.db-wal']) {
      cpSync(join(this.#seen(manager), name), join(directory, name), { force: true });
    }
  }

  get #script(): string {
    return `${this.#directory}.sh`;
  }

  #seen(manager: LabHost): string {
    return join(`/proc/${manager.init?.pid ?? 0}/root`, this.#directory);
  }
}

function isFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOSPC';
}
