// SPDX-License-Identifier: Apache-2.0
/** Follows a file that others append lines to. */
import { closeSync, existsSync, fstatSync, ftruncateSync, openSync, readSync } from 'node:fs';

const BYTES_MAX = 1_048_576;

export class AppendLog {
  readonly #path: string;
  readonly #bytesMax: number;
  #offset = 0;

  /** `bytesMax`: beyond it the file is emptied, and a line that comes at that moment is lost. */
  constructor(path: string, bytesMax: number = BYTES_MAX) {
    this.#path = path;
    this.#bytesMax = bytesMax;
  }

  /** The whole lines since the last call. */
  read(): readonly string[] {
    if (!existsSync(this.#path)) return [];
    const file = openSync(this.#path, 'r+');
    try {
      const bytes = Buffer.alloc(Math.max(0, fstatSync(file).size - this.#offset));
      const length = readSync(file, bytes, 0, bytes.length, this.#offset);
      const text = bytes.toString('utf8', 0, length);
      const whole = text.slice(0, text.lastIndexOf('\n') + 1);
      this.#offset += Buffer.byteLength(whole);
      if (this.#offset > this.#bytesMax) {
        ftruncateSync(file, 0);
        this.#offset = 0;
      }
      return whole.split('\n').filter((line) => line !== '');
    } finally {
      closeSync(file);
    }
  }
}
