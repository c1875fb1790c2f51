// SPDX-License-Identifier: Apache-2.0
/**
 * Who is at the other end of a connection to a Unix socket: the kernel's word for it, as of the
 * connect. Node has no call for it, so libc is asked.
 */
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';

export type Peer = {
  readonly pid: number;
  readonly uid: number;
  /** Primary and supplementary ones. */
  readonly groups: ReadonlySet<number>;
};

/** Undefined: it cannot be known, and nobody may be taken for somebody. */
export type PeerOf = (socket: Socket) => Peer | undefined;

const SOL_SOCKET = 1;
const SO_PEERCRED = 17;
const SO_PEERGROUPS = 59;
const UCRED_BYTES = 12;
/** As many as Linux allows. */
const GROUPS_MAX = 65_536;
const GROUP_BYTES = 4;

/** Throws where libc cannot be called. */
export async function peerReader(): Promise<PeerOf> {
  const { default: koffi } = await import('koffi');
  const getsockopt = koffi
    .load('libc.so.6')
    .func(
      'int getsockopt(int fd, int level, int name, _Out_ void *value, _Inout_ uint32_t *length)',
    );
  const read = (fd: number, option: number, bytes: number): Buffer | undefined => {
    const value = Buffer.alloc(bytes);
    const length = [bytes];
    const result: unknown = getsockopt(fd, SOL_SOCKET, option, value, length);
    return result === 0 ? value.subarray(0, length[0]) : undefined;
  };
  return (socket) => {
    const fd = descriptorOf(socket);
    if (fd === undefined) return undefined;
    const credentials = read(fd, SO_PEERCRED, UCRED_BYTES);
    const groups = read(fd, SO_PEERGROUPS, GROUPS_MAX * GROUP_BYTES);
    if (credentials?.length !== UCRED_BYTES || groups === undefined) return undefined;
    return {
      pid: credentials.readInt32LE(0),
      uid: credentials.readUInt32LE(4),
      groups: new Set([credentials.readUInt32LE(8), ...groupsIn(groups)]),
    };
  };
}

/** Node keeps the number to itself; a socket that is closed has none. */
function descriptorOf(socket: Socket): number | undefined {
  const handle: unknown = Reflect.get(socket, '_handle');
  if (typeof handle !== 'object' || handle === null) return undefined;
  const fd: unknown = Reflect.get(handle, 'fd');
  return typeof fd === 'number' && fd >= 0 ? fd : undefined;
}

function groupsIn(bytes: Buffer): number[] {
  const count = Math.floor(bytes.length / GROUP_BYTES);
  return Array.from({ length: count }, (_, index) => bytes.readUInt32LE(index * GROUP_BYTES));
}

const UNSET = 4_294_967_295;

/** The uid with which somebody logged in, whatever he has become since; undefined: nobody did. */
export function loginUidOf(pid: number): number | undefined {
  try {
    const uid = Number(readFileSync(`/proc/${pid}/loginuid`, 'latin1').trim());
    return Number.isInteger(uid) && uid !== UNSET ? uid : undefined;
  } catch {
    return undefined;
  }
}
