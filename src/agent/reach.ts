// SPDX-License-Identifier: Apache-2.0
/**
 * Asks another host's agent whether it lives. Any byte that comes back is an answer; a refused or
 * reset connection still proves that its kernel lives. Silence counts against that host, so that only
 * a question that was sent and not answered is silence: what failed on our own side is unknown.
 */
import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Reach, ReachAnswer } from './contract.ts';

const KERNEL_ANSWERS = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE']);
/** The second: the last network on the way finds nobody at the address. */
const NOBODY_ANSWERS = new Set(['ETIMEDOUT', 'EHOSTUNREACH']);

/** `tls`: what agents speak here. One that speaks the other is heard all the same. */
export function reachAgent(
  { address, port, deadlineMs }: Reach,
  tls: boolean,
): Promise<ReachAnswer> {
  return new Promise((resolve) => {
    let hasAddress = isIP(address) !== 0;
    const tcp = connect({ host: address, port, noDelay: true });
    const answer = (outcome: ReachAnswer['outcome']): void => {
      clearTimeout(timer);
      resolve({ outcome: tcp.bytesRead > 0 ? 'answers' : outcome });
      tcp.destroy();
    };
    const timer = setTimeout(() => answer(hasAddress ? 'silent' : 'unknown'), deadlineMs);
    tcp.once('lookup', (error: Error | null) => (hasAddress = error === null));
    const asking = tls ? greet(tcp, () => answer('answers')) : question(tcp, address);
    asking.on('error', ({ code = '' }: NodeJS.ErrnoException) => answer(meaningOf(code)));
    // Closed without a byte: by a program, or by its kernel.
    asking.on('end', () => answer('refused'));
    asking.on('data', () => answer('answers'));
  });
}

/** Nobody is trusted with anything for it, so that no certificate is looked at. */
function greet(tcp: Socket, onSecure: () => void): Socket {
  return connectTls({ socket: tcp, rejectUnauthorized: false }, onSecure);
}

function question(tcp: Socket, address: string): Socket {
  const host = isIP(address) === 6 ? `[${address}]` : address;
  tcp.write(`GET /v1/identity HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
  return tcp;
}

function meaningOf(code: string): ReachAnswer['outcome'] {
  if (KERNEL_ANSWERS.has(code)) return 'refused';
  return NOBODY_ANSWERS.has(code) ? 'silent' : 'unknown';
}
