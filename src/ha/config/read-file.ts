// SPDX-License-Identifier: Apache-2.0
/** Reads a file of bounded size, and says who else may read it: asked of the open file, so that nothing changes between. */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

export type FileText = {
  readonly text: string;
  /** Nobody but its owner (and root) may read or write it. */
  readonly ownerOnly: boolean;
};

/** Throws an Error whose message says what is wrong with the file and what to do. */
export function readTextFile(path: string, bytesMax: number): FileText {
  const file = open(path);
  try {
    const about = fstatSync(file);
    if (!about.isFile()) throw new Error('is no regular file: give the path of one');
    const bytes = Buffer.alloc(Math.min(about.size, bytesMax) + 1);
    let length = 0;
    for (let count = -1; count !== 0 && length < bytes.length; length += count) {
      count = readSync(file, bytes, length, bytes.length - length, null);
    }
    if (length > bytesMax) throw new Error(`is larger than ${bytesMax} bytes: make it smaller`);
    return { text: decode(bytes.subarray(0, length)), ownerOnly: (about.mode & 0o077) === 0 };
  } finally {
    closeSync(file);
  }
}

function open(path: string): number {
  try {
    // Not to hang on a pipe that stands where a file should.
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    if (code === 'ENOENT') {
      throw new Error('does not exist: create it, or correct the path', { cause });
    }
    if (code !== 'EACCES') throw cause;
    throw new Error('may not be read by this user: check its owner and mode', { cause });
  }
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new Error('is not UTF-8 text: save it as UTF-8');
  }
}
