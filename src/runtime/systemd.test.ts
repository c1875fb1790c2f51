// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { needs } from '../../test/needs.ts';
import { systemdNotifier, watchdogIntervalMs } from './systemd.ts';

/** Node has no Unix datagram sockets, so python plays systemd. */
const RECEIVER = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.settimeout(10)
s.bind(sys.argv[1].replace('@', chr(0), 1))
print('bound', flush=True)
print(s.recv(100).decode(), flush=True)
`;

for (const kind of ['path', 'abstract name'])
  test(
    `readiness arrives at a notify socket given by ${kind}`,
    { skip: needs({ programs: ['python3'] }) },
    async () => {
      const directory = mkdtempSync(join(tmpdir(), 'aureole-notify-'));
      const socket = kind === 'path' ? join(directory, 'notify') : `@${directory}/notify`;
      const receiver = spawn('python3', ['-c', RECEIVER, socket], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      try {
        const lines = createInterface({ input: receiver.stdout })[Symbol.asyncIterator]();
        assert.equal((await lines.next()).value, 'bound');
        const notify = await systemdNotifier({ NOTIFY_SOCKET: socket });
        notify('READY=1');
        assert.equal((await lines.next()).value, 'READY=1');
        await once(receiver, 'exit');
      } finally {
        receiver.kill();
        rmSync(directory, { recursive: true });
      }
    },
  );

test('without a notify socket nothing is sent and nothing fails', async () => {
  const notify = await systemdNotifier({});
  notify('READY=1');
});

test('the watchdog is fed twice as often as systemd asks, and only by the process it watches', () => {
  assert.equal(watchdogIntervalMs({}), undefined);
  assert.equal(watchdogIntervalMs({ WATCHDOG_USEC: '10000000' }), 5_000);
  assert.equal(watchdogIntervalMs({ WATCHDOG_USEC: '10000000', WATCHDOG_PID: '1' }), undefined);
});
