// SPDX-License-Identifier: Apache-2.0
/**
 * Asks another host's agent whether it lives. Any answer to HTTP is one; a refused or reset
 * connection still proves that its kernel lives. Silence counts against that host, so that only a
 * question that was sent and not answered is silence: what failed on our own side is unknown.
 */
import { request } from 'node:http';
import { isIP } from 'node:net';
import type { Reach, ReachAnswer } from './contract.ts';

const KERNEL_ANSWERS = new Set(['ECONNREFUSED', 'ECONNRESET']);
/** The second: the last network on the way finds nobody at the address. */
const NOBODY_ANSWERS = new Set(['ETIMEDOUT', 'EHOSTUNREACH']);

export function reachAgent({ address, port, deadlineMs }: Reach): Promise<ReachAnswer> {
  return new Promise((resolve) => {
    const deadline = AbortSignal.timeout(deadlineMs);
    let hasAddress = isIP(address) !== 0;
    const asked = request({
      host: address,
      port,
      path: '/v1/identity',
      agent: false,
      signal: deadline,
    });
    asked.on('socket', (socket) => {
      socket.once('lookup', (error: Error | null) => (hasAddress = error === null));
    });
    asked.on('response', (response) => {
      response.destroy();
      resolve({ outcome: 'answers' });
    });
    asked.on('error', (error: NodeJS.ErrnoException) => {
      const late = deadline.aborted && hasAddress;
      resolve({ outcome: late ? 'silent' : meaningOf(error.code ?? '') });
    });
    asked.end();
  });
}

function meaningOf(code: string): ReachAnswer['outcome'] {
  // What is not HTTP was written by somebody as well.
  if (KERNEL_ANSWERS.has(code) || code.startsWith('HPE_')) return 'refused';
  return NOBODY_ANSWERS.has(code) ? 'silent' : 'unknown';
}
