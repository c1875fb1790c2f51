// SPDX-License-Identifier: Apache-2.0
/**
 * Where the scripts of a resource write. Files and not pipes: a pipe breaks with the agent, and a
 * start under way would die of its next line of output. One pair for each resource, used again by its
 * next operation, since a service that was started keeps them open for as long as it lives; a keeper
 * cuts them down to their first and last part.
 */
import { createHash } from 'node:crypto';
import { closeSync, fstatSync, ftruncateSync, openSync, readdirSync, readSync } from 'node:fs';
import { writeSync } from 'node:fs';
import { join } from 'node:path';

export type OpenOutput = { readonly stdout: number; readonly stderr: number };
export type OutputText = { readonly stdout: string; readonly stderr: string };

const HALF_BYTES = 32_768;
/** Cut at this size; above what is kept, so that a chatty script is not cut at each look. */
const CUT_BYTES = 262_144;
/** Files in use may grow fast; the others belong to services. */
const LOOK_AT_USED_MS = 200;
const LOOK_AT_ALL_EVERY = 25;

export class OutputFiles {
  readonly #folder: string;
  readonly #used = new Set<string>();
  #looks = 0;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Starts anew for an operation. Open until `close`. */
  open(resource: string): OpenOutput & { readonly close: () => void } {
    const [outFile, errFile] = this.#filesOf(resource);
    const stdout = openSync(outFile, 'a', 0o600);
    const stderr = openSync(errFile, 'a', 0o600);
    ftruncateSync(stdout);
    ftruncateSync(stderr);
    this.#used.add(outFile).add(errFile);
    const close = (): void => {
      this.#used.delete(outFile);
      this.#used.delete(errFile);
      closeSync(stdout);
      closeSync(stderr);
    };
    return { stdout, stderr, close };
  }

  read(resource: string): OutputText {
    const [outFile, errFile] = this.#filesOf(resource);
    return { stdout: readCut(outFile, 2 * HALF_BYTES), stderr: readCut(errFile, 2 * HALF_BYTES) };
  }

  /** Keeps all files small until the signal. */
  keepSmall(signal: AbortSignal): void {
    const timer = setInterval(() => this.#look(), LOOK_AT_USED_MS);
    timer.unref();
    signal.addEventListener('abort', () => clearInterval(timer));
  }

  #look(): void {
    this.#looks += 1;
    const all = this.#looks % LOOK_AT_ALL_EVERY === 0;
    const files = all
      ? readdirSync(this.#folder).map((name) => join(this.#folder, name))
      : this.#used;
    for (const file of files) readCut(file, CUT_BYTES);
  }

  #filesOf(resource: string): readonly [string, string] {
    // A hash: the name of a resource may hold anything.
    const name = createHash('sha256').update(resource).digest('hex').slice(0, 32);
    return [join(this.#folder, `${name}.out`), join(this.#folder, `${name}.err`)];
  }
}

/** The file's text, cut down to its first and last part, in the file as well, if it is larger than that. */
function readCut(file: string, bytesMax: number): string {
  let fd: number;
  try {
    fd = openSync(file, 'a+');
  } catch {
    return '';
  }
  try {
    const { size } = fstatSync(fd);
    if (size <= bytesMax) return bytesMax > 2 * HALF_BYTES ? '' : readPart(fd, 0, size).toString();
    const gap = `\n[... ${size - 2 * HALF_BYTES} bytes left out ...]\n`;
    const tail = readPart(fd, size - HALF_BYTES, HALF_BYTES);
    const kept = Buffer.concat([readPart(fd, 0, HALF_BYTES), Buffer.from(gap), tail]);
    ftruncateSync(fd);
    // What the script writes in between is among the tail or behind it: it appends, too.
    writeSync(fd, kept);
    return kept.toString();
  } catch {
    return '';
  } finally {
    closeSync(fd);
  }
}

function readPart(fd: number, position: number, length: number): Buffer {
  const buffer = Buffer.alloc(length);
  return buffer.subarray(0, readSync(fd, buffer, 0, length, position));
}
