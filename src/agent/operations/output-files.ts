// SPDX-License-Identifier: Apache-2.0
/**
 * Where the scripts of a resource write. Files and not pipes: a pipe breaks with the agent, and a
 * start under way would die of its next line of output. One pair for each resource, used again by its
 * next operation, since a service that was started keeps them open for as long as it lives; a keeper
 * cuts them down to their first and last part.
 */
import { createHash } from 'node:crypto';
import { closeSync, fstatSync, ftruncateSync, openSync, readdirSync, readSync } from 'node:fs';
import { statSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** Open until `close`. */
export type OpenOutput = {
  readonly stdout: number;
  readonly stderr: number;
  readonly read: () => OutputText;
  readonly close: () => void;
};
export type OutputText = { readonly stdout: string; readonly stderr: string };

const HALF_BYTES = 32_768;
/** Cut at this size; above what is kept, so that a chatty script is not cut at each look. */
const CUT_BYTES = 262_144;
/** Files in use may grow fast; the others belong to services. */
const LOOK_AT_USED_MS = 200;
const LOOK_AT_ALL_MS = 5_000;

export class OutputFiles {
  readonly #folder: string;
  readonly #used = new Set<string>();
  #lookingAtUsed: NodeJS.Timeout | undefined;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Starts anew for an operation. */
  open(resource: string): OpenOutput {
    const [outFile, errFile] = this.#filesOf(resource);
    const stdout = openSync(outFile, 'a+', 0o600);
    const stderr = openSync(errFile, 'a+', 0o600);
    ftruncateSync(stdout);
    ftruncateSync(stderr);
    this.#use(outFile, errFile);
    const close = (): void => {
      this.#leave(outFile, errFile);
      closeSync(stdout);
      closeSync(stderr);
    };
    const read = (): OutputText => ({ stdout: readOpen(stdout), stderr: readOpen(stderr) });
    return { stdout, stderr, read, close };
  }

  read(resource: string): OutputText {
    const [outFile, errFile] = this.#filesOf(resource);
    return { stdout: readFile(outFile), stderr: readFile(errFile) };
  }

  /** Keeps all files small until the signal. */
  keepSmall(signal: AbortSignal): void {
    const timer = setInterval(() => this.#lookAt(this.#all()), LOOK_AT_ALL_MS).unref();
    signal.addEventListener('abort', () => clearInterval(timer));
  }

  #use(...files: readonly string[]): void {
    for (const file of files) this.#used.add(file);
    this.#lookingAtUsed ??= setInterval(() => this.#lookAt(this.#used), LOOK_AT_USED_MS).unref();
  }

  #leave(...files: readonly string[]): void {
    for (const file of files) this.#used.delete(file);
    if (this.#used.size > 0) return;
    clearInterval(this.#lookingAtUsed);
    this.#lookingAtUsed = undefined;
  }

  #all(): readonly string[] {
    return readdirSync(this.#folder).map((name) => join(this.#folder, name));
  }

  #lookAt(files: Iterable<string>): void {
    for (const file of files) {
      if (sizeOf(file) > CUT_BYTES) readFile(file);
    }
  }

  #filesOf(resource: string): readonly [string, string] {
    // A hash: the name of a resource may hold anything.
    const name = createHash('sha256').update(resource).digest('hex').slice(0, 32);
    return [join(this.#folder, `${name}.out`), join(this.#folder, `${name}.err`)];
  }
}

/** 0 of what is not there, or cannot be looked at. */
function sizeOf(file: string): number {
  try {
    return statSync(file).size;
  } catch {
    return 0;
  }
}

/** As `readOpen`; empty if it cannot be opened. */
function readFile(file: string): string {
  let fd: number;
  try {
    fd = openSync(file, 'a+');
  } catch {
    return '';
  }
  try {
    return readOpen(fd);
  } finally {
    closeSync(fd);
  }
}

/** The file's text, cut down to its first and last part, in the file as well, if it is larger than that. */
function readOpen(fd: number): string {
  try {
    const { size } = fstatSync(fd);
    if (size === 0) return '';
    if (size <= 2 * HALF_BYTES) return readPart(fd, 0, size).toString();
    const gap = `\n[... ${size - 2 * HALF_BYTES} bytes left out ...]\n`;
    const tail = readPart(fd, size - HALF_BYTES, HALF_BYTES);
    const kept = Buffer.concat([readPart(fd, 0, HALF_BYTES), Buffer.from(gap), tail]);
    ftruncateSync(fd);
    // What the script writes in between is among the tail or behind it: it appends, too.
    writeSync(fd, kept);
    return kept.toString();
  } catch {
    return '';
  }
}

function readPart(fd: number, position: number, length: number): Buffer {
  const buffer = Buffer.alloc(length);
  return buffer.subarray(0, readSync(fd, buffer, 0, length, position));
}
