// SPDX-License-Identifier: Apache-2.0
/** The demo without root: the shipped daemons as processes on the loopback. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ProcessCluster } from '../../src/demo/process-cluster.ts';
import { haClient } from '../../src/ha/client.ts';
import type { Status } from '../../src/ha/contract.ts';

const MAIN = join(import.meta.dirname, '..', '..', 'src', 'cli', 'main.ts');
const UNTIL_MS = 25_000;

test('a frozen host and a cut one are fenced, their groups run elsewhere, and nothing is left in the end', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'aureole-processes-'));
  const aureole = [process.execPath, MAIN];
  const cluster = await ProcessCluster.open({ directory, aureole });
  t.after(() => cluster[Symbol.asyncDispose]());
  const manager = haClient(join(directory, 'manager.sock'));
  const until = async (what: string, holds: (status: Status) => boolean): Promise<void> => {
    const deadline = performance.now() + UNTIL_MS;
    for (;;) {
      const status = await manager.status(AbortSignal.timeout(5_000)).catch(() => undefined);
      if (status !== undefined && holds(status)) return;
      const groups = status?.groups.map(({ name, reason }) => `${name}: ${reason}`).join('; ');
      assert.ok(performance.now() < deadline, `not within ${UNTIL_MS} ms: ${what}; ${groups}`);
      await sleep(100);
    }
  };
  await until('all run', ({ groups, hosts }) => {
    const proven = hosts.every((host) => host.devices.every(({ trust }) => trust === 'proven'));
    return proven && groups.every(({ status }) => status === 'running');
  });
  await cluster.act('freeze', 'oss1');
  await until('mgs runs on oss2', ({ groups }) =>
    groups.some(
      ({ name, status, host }) => name === 'mgs' && status === 'running' && host === 'oss2',
    ),
  );
  await cluster.act('cut', 'oss3');
  await until('ost0 runs on oss4', ({ groups }) =>
    groups.some(
      ({ name, status, host }) => name === 'ost0' && status === 'running' && host === 'oss4',
    ),
  );
  await cluster[Symbol.asyncDispose]();
  assert.equal(existsSync(directory), false);
  assert.deepEqual(processesThatName(directory), []);
});

function processesThatName(text: string): readonly string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && name !== `${process.pid}`)
    .flatMap((pid) => {
      try {
        return [readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')];
      } catch {
        return [];
      }
    })
    .filter((line) => line.includes(text));
}
