// SPDX-License-Identifier: Apache-2.0
/**
 * Of a connection, the head of its first request and nothing of what comes behind it. Thousands of
 * requests fit into one piece of what is read, and would all be parsed in one turn of the process.
 */
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';

/** As much as Node's own parser takes. */
const HEAD_BYTES_MAX = 16_384;
const END_OF_HEAD = '\r\n\r\n';

/** What is written to it goes out at the socket; it ends with it. */
export function firstHead(socket: Socket): Duplex {
  const stream = new Duplex({
    // What has not come yet is pushed when it comes: there is little of it.
    read: () => {},
    write: (chunk: Uint8Array, _encoding, done) => void socket.write(chunk, done),
    final: (done) => {
      socket.destroySoon();
      done();
    },
    destroy: (error, done) => {
      socket.destroy();
      done(error);
    },
  });
  let head = Buffer.alloc(0);
  let isWhole = false;
  socket.on('data', (chunk: Buffer) => {
    if (isWhole) return;
    head = Buffer.concat([head, chunk.subarray(0, HEAD_BYTES_MAX)]);
    const end = head.indexOf(END_OF_HEAD);
    isWhole = end >= 0 || head.length >= HEAD_BYTES_MAX;
    if (isWhole) stream.push(end >= 0 ? head.subarray(0, end + END_OF_HEAD.length) : head);
  });
  socket.on('end', () => stream.push(null));
  // Its reason is nobody's concern: the peer is gone.
  socket.on('error', () => {});
  socket.on('close', () => stream.destroy());
  socket.on('timeout', () => stream.destroy());
  return stream;
}
