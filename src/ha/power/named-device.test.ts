// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { namedDevices, type NamedAgent } from './named-device.ts';

async function redfish(agent: Partial<NamedAgent>, typed?: string) {
  const warnings: string[] = [];
  const askSecret = typed === undefined ? undefined : () => Promise.resolve(typed);
  const context = {
    warn: (text: string) => void warnings.push(text),
    ...(askSecret === undefined ? {} : { askSecret }),
  };
  const named = { fenceAgent: 'redfish', username: 'root', ...agent };
  const { devices } = await namedDevices(['oss1-bmc'], named, context);
  return { device: devices.get('oss1-bmc/redfish'), warnings };
}

test('a password comes from a file, a terminal, or with a warning from the command line', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'aureole-password-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const passwordFile = join(folder, 'password');
  writeFileSync(passwordFile, 'from file\n', { mode: 0o600 });
  const fromFile = await redfish({ passwordFile });
  assert.equal(fromFile.device?.parameters.get('password'), 'from file');
  assert.deepEqual(fromFile.device?.secrets, ['from file']);
  assert.deepEqual(fromFile.warnings, []);
  const typed = await redfish({}, 'typed');
  assert.equal(typed.device?.parameters.get('password'), 'typed');
  const shown = await redfish({ password: 'shown' });
  assert.match(shown.warnings.join(), /ps/);
  assert.ok(!shown.warnings.join().includes('shown'));
});

test('a password that is missing is told', async () => {
  await assert.rejects(redfish({}), { details: { code: 'usage' } });
  await assert.rejects(redfish({ passwordFile: '/nonexistent/password' }), /nonexistent/);
});

test('powerman takes neither', async () => {
  const { devices } = await namedDevices(['oss1'], { fenceAgent: 'powerman' }, { warn: () => {} });
  assert.deepEqual(Object.fromEntries(devices.get('oss1/powerman')?.parameters ?? []), {
    ip: 'localhost',
    plug: 'oss1',
  });
});
