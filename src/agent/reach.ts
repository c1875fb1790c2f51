// SPDX-License-Identifier: Apache-2.0
/**
 * Asks another host's agent whether it lives. Any answer to HTTP is one; a refused or reset
 * connection still proves that its kernel lives.
 */
import { request } from 'node:http';
import type { Reach, ReachAnswer } from './contract.ts';

const KERNEL_ANSWERS = new Set(['ECONNREFUSED', 'ECONNRESET']);

export function reachAgent({ address, port, deadlineMs }: Reach): Promise<ReachAnswer> {
  return new Promise((resolve) => {
    const asked = request({
      host: address,
      port,
      path: '/v1/identity',
      agent: false,
      signal: AbortSignal.timeout(deadlineMs),
    });
    asked.on('response', (response) => {
      response.destroy();
      resolve({ outcome: 'answers' });
    });
    asked.on('error', (error: NodeJS.ErrnoException) => {
      resolve({ outcome: KERNEL_ANSWERS.has(error.code ?? '') ? 'refused' : 'silent' });
    });
    asked.end();
  });
}
