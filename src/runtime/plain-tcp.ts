// SPDX-License-Identifier: Apache-2.0
/**
 * Where plain TCP does no harm: on the loopback, and in a network namespace that is not the
 * machine's first one. If that cannot be told, it is not one: a container that is the only thing on
 * its machine to see looks like the machine itself.
 */
import { readlinkSync } from 'node:fs';
import { isIPv4 } from 'node:net';

export function isLoopback(address: string): boolean {
  return (isIPv4(address) && address.startsWith('127.')) || ['::1', 'localhost'].includes(address);
}

export function isInOwnNetwork(): boolean {
  const own = namespaceOf('self');
  const first = namespaceOf('1');
  return own !== undefined && first !== undefined && own !== first;
}

function namespaceOf(process: string): string | undefined {
  try {
    return readlinkSync(`/proc/${process}/ns/net`);
  } catch {
    return undefined;
  }
}
