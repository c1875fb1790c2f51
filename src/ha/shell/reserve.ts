// SPDX-License-Identifier: Apache-2.0
/**
 * Room on the journal's disk that is kept for bad times: a file full of noise beside the journal,
 * deleted when the disk is full, so that a failover under way can still be recorded and end.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, rmSync } from 'node:fs';
import { open, rename, rm, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';

const CHUNK_BYTES = 1_048_576;
/** Made again only where at least so many times its size is free. */
const ROOM_FACTOR = 2;

export class Reserve {
  readonly #path: string;
  readonly #sizeBytes: number;

  constructor(path: string, sizeBytes: number) {
    this.#path = path;
    this.#sizeBytes = sizeBytes;
  }

  get kept(): boolean {
    return existsSync(this.#path);
  }

  /** Gives its room back to the disk; false: there was none to give. */
  release(): boolean {
    if (!this.kept) return false;
    rmSync(this.#path, { force: true });
    return true;
  }

  /** Resolves to whether the room is kept now. Noise, since a file system may store zeros as a hole. */
  async ensure(): Promise<boolean> {
    if (this.kept) return true;
    const draft = `${this.#path}.new`;
    try {
      const { bavail, bsize } = await statfs(dirname(this.#path));
      if (bavail * bsize < this.#sizeBytes * ROOM_FACTOR) return false;
      await this.#fill(draft);
      await rename(draft, this.#path);
      return true;
    } catch {
      // A disk that takes nothing does not let go of anything either.
      await rm(draft, { force: true }).catch(() => undefined);
      return false;
    }
  }

  async #fill(path: string): Promise<void> {
    await using file = await open(path, 'w', 0o600);
    for (let written = 0; written < this.#sizeBytes; written += CHUNK_BYTES)
      await file.writeFile(randomBytes(Math.min(CHUNK_BYTES, this.#sizeBytes - written)));
    await file.sync();
  }
}
