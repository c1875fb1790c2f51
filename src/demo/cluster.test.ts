// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { ProcessHost } from '../lab/process-host.ts';
import { ACTS, actOn } from './cluster.ts';

function makeHost(t: TestContext): ProcessHost {
  const lab = mkdtempSync(join(tmpdir(), 'aureole-host-'));
  t.after(() => rmSync(lab, { recursive: true }));
  mkdirSync(join(lab, 'processes'));
  return new ProcessHost({ lab, name: 'oss4', port: 1, agent: ['false'] });
}

test('nothing but power-on can be done to a host that is switched off', async (t) => {
  const host = makeHost(t);
  for (const act of ACTS.filter((name) => name !== 'power-on')) {
    await assert.rejects(actOn(host, act), {
      message: 'oss4 is switched off: npx aureole demo power-on oss4',
    });
  }
});

test('a host that is on is not switched on, though all of its processes have died', async (t) => {
  const host = makeHost(t);
  writeFileSync(join(host.directory, 'init.pid'), '1 1\n');
  await assert.rejects(actOn(host, 'power-on'), { message: 'oss4 is on already' });
});
