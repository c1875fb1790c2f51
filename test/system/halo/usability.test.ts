// SPDX-License-Identifier: Apache-2.0
/** HALO's tests of mistakes at a start: the message names what is wrong. Beside the words, the exit codes are looked at. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Daemon } from '../../component/manager-cluster.ts';
import { Pair } from './pair.ts';

suite('mistakes at a start', { concurrency: 2 }, () => {
  test('remote: an agent that has no address in its network names the network', async () => {
    // Status 1: the address may come later, so systemd tries again.
    await assertRefused(['agent', '--network', '127.12.34.0/24'], /127\.12\.34\.0\/24/, 1);
  });

  test('manager_config: a configuration that is missing is named', async () => {
    await assertRefused(['manager', '--config', '/nonexistent/x.yaml'], /\/nonexistent\/x\.yaml/);
  });

  test('manager_socket: a socket that cannot be made is named', async () => {
    await using pair = new Pair();
    const files = ['--config', pair.config, '--journal', `${pair.socket}.db`];
    const socket = ['--socket', '/dev/null/manager.sock'];
    await assertRefused(['manager', ...files, ...socket], /\/dev\/null\/manager\.sock/);
  });

  test('manager_statefile: a journal that cannot be made is named', async () => {
    await using pair = new Pair();
    const files = ['--config', pair.config, '--socket', pair.socket];
    const journal = ['--journal', '/dev/null/journal.db'];
    await assertRefused(['manager', ...files, ...journal], /\/dev\/null\/journal\.db/);
  });

  test('discover_nodeset: what is no nodeset is told, and nobody is asked', async () => {
    for (const nodeset of ['node[', 'node[0-2', 'node[a]', 'host0[-1]']) {
      await assertRefused(['discover', nodeset], /^unable to parse '/, 2);
    }
  });
});

/** Status 64: systemd does not try again. */
async function assertRefused(args: readonly string[], said: RegExp, code = 64): Promise<void> {
  const daemon = new Daemon(args);
  try {
    assert.equal(await daemon.end(), code, daemon.said);
    assert.match(daemon.said, said);
  } finally {
    await daemon.end('SIGKILL');
  }
}
