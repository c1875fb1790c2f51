// SPDX-License-Identifier: Apache-2.0
/** The last answer on a connection, where no request of HTTP has been read that it would be the answer to. */
import type { Duplex } from 'node:stream';
import type { Refusal } from './contract.ts';

export function refuseSocket(
  socket: Duplex,
  status: '400 Bad Request' | '403 Forbidden',
  refusal: Refusal,
): void {
  const text = JSON.stringify(refusal);
  socket.end(
    `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
  );
}
