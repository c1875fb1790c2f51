// SPDX-License-Identifier: Apache-2.0
/**
 * Cuts a stream of bytes into Cap'n Proto messages: the number of segments less one, the size of each
 * in words, padding to a whole word, the segments; numbers are 32 bits, little-endian. Memory grows
 * with what has arrived, never with what a header promises.
 */

export type Frame = {
  /** The whole message, header included: a copy that belongs to whoever gets it. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly segments: readonly DataView[];
};

export const FRAME_BYTES_MAX = 524_288;
export const SEGMENTS_MAX = 128;
export const WORD_BYTES = 8;
const NUMBER_BYTES = 4;
const FIRST_ROOM_BYTES = 1_024;

export class Frames {
  #buffer = new Uint8Array(FIRST_ROOM_BYTES);
  /** What has arrived and was not cut off yet. */
  #from = 0;
  #to = 0;

  /** Only so much as has room beside a half frame: the caller cuts frames off before more arrives. */
  push(chunk: Uint8Array): void {
    const waiting = this.#to - this.#from;
    if (this.#to + chunk.length > this.#buffer.length) {
      const neededBytes = waiting + chunk.length;
      const target =
        neededBytes > this.#buffer.length
          ? new Uint8Array(Math.max(neededBytes, 2 * this.#buffer.length))
          : this.#buffer;
      target.set(this.#buffer.subarray(this.#from, this.#to));
      this.#buffer = target;
      this.#from = 0;
      this.#to = waiting;
    }
    this.#buffer.set(chunk, this.#to);
    this.#to += chunk.length;
  }

  /** The next whole message; undefined while it has not arrived. Throws if there can be none. */
  next(): Frame | undefined {
    const waiting = this.#to - this.#from;
    if (waiting === 0) this.#shrink();
    if (waiting < WORD_BYTES) return undefined;
    const view = new DataView(this.#buffer.buffer, this.#from, waiting);
    const count = view.getUint32(0, true) + 1;
    if (count > SEGMENTS_MAX) throw new Error(`A message of ${count} segments is refused.`);
    const headerBytes = Math.ceil((NUMBER_BYTES * (1 + count)) / WORD_BYTES) * WORD_BYTES;
    if (waiting < headerBytes) return undefined;
    const sizes = Array.from(
      { length: count },
      (_, index) => view.getUint32(NUMBER_BYTES * (1 + index), true) * WORD_BYTES,
    );
    const totalBytes = sizes.reduce((sum, size) => sum + size, headerBytes);
    if (totalBytes > FRAME_BYTES_MAX) {
      throw new Error(
        `A message of ${totalBytes} bytes is refused; ${FRAME_BYTES_MAX} is the most.`,
      );
    }
    if (waiting < totalBytes) return undefined;
    const bytes = this.#buffer.slice(this.#from, this.#from + totalBytes);
    this.#from += totalBytes;
    return { bytes, segments: cut(bytes, headerBytes, sizes) };
  }

  /** Bytes of a message that has not arrived whole. */
  get waitingBytes(): number {
    return this.#to - this.#from;
  }

  /** A peer that once sent something large does not keep the room for it. */
  #shrink(): void {
    this.#from = 0;
    this.#to = 0;
    if (this.#buffer.length > FIRST_ROOM_BYTES) this.#buffer = new Uint8Array(FIRST_ROOM_BYTES);
  }
}

function cut(bytes: Uint8Array<ArrayBuffer>, headerBytes: number, sizes: number[]): DataView[] {
  let offset = headerBytes;
  return sizes.map((size) => {
    const segment = new DataView(bytes.buffer, offset, size);
    offset += size;
    return segment;
  });
}
