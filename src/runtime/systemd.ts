// SPDX-License-Identifier: Apache-2.0
/**
 * Tells systemd how the daemon is (sd_notify): one datagram to the socket named by NOTIFY_SOCKET.
 * Node cannot send to a Unix datagram socket, so libc is called. Without NOTIFY_SOCKET: nothing.
 */
const AF_UNIX = 1;
const SOCK_DGRAM_CLOEXEC = 2 | 0o2000000;
/** A full queue at systemd's end must not stop us, nor a missing reader end us. */
const MSG_DONTWAIT_NOSIGNAL = 0x40 | 0x4000;

export type Notify = (state: 'READY=1' | 'STOPPING=1' | 'WATCHDOG=1') => void;

export async function systemdNotifier(env: NodeJS.ProcessEnv = process.env): Promise<Notify> {
  const path = env['NOTIFY_SOCKET'];
  if (path === undefined || path === '') return () => {};
  const { default: koffi } = await import('koffi');
  const libc = koffi.load('libc.so.6');
  const socket = libc.func('int socket(int domain, int type, int protocol)');
  const sendto = libc.func(
    'long sendto(int fd, const void *data, size_t size, int flags, const void *address, uint32_t length)',
  );
  const close = libc.func('int close(int fd)');
  const address = unixAddress(path);
  return (state) => {
    const fd: unknown = socket(AF_UNIX, SOCK_DGRAM_CLOEXEC, 0);
    if (typeof fd !== 'number' || fd < 0) return;
    const data = Buffer.from(state);
    sendto(fd, data, data.length, MSG_DONTWAIT_NOSIGNAL, address, address.length);
    close(fd);
  };
}

/** A sockaddr_un; a leading @ stands for the zero byte of an abstract name. */
function unixAddress(path: string): Buffer {
  const family = Buffer.alloc(2);
  family.writeUInt16LE(AF_UNIX);
  const abstract = path.startsWith('@');
  return Buffer.concat([family, Buffer.from(abstract ? `\0${path.slice(1)}` : `${path}\0`)]);
}

/** How often to send WATCHDOG=1: half of what systemd allows; undefined: it does not watch us. */
export function watchdogIntervalMs(env: NodeJS.ProcessEnv = process.env): number | undefined {
  const micros = Number(env['WATCHDOG_USEC'] ?? '');
  const forUs = env['WATCHDOG_PID'] === undefined || env['WATCHDOG_PID'] === String(process.pid);
  return forUs && Number.isInteger(micros) && micros > 0 ? micros / 2_000 : undefined;
}
