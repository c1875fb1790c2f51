// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { loadConfig } from '../config.ts';
import { checkFenceAgents } from './fence-agents.ts';

const folder = mkdtempSync(join(tmpdir(), 'aureole-fence-agents-'));
after(() => rmSync(folder, { recursive: true }));

function agent(name: string, on: string): string {
  const path = join(folder, name);
  const actions = `<action name="on"${on}/><action name="off"/><action name="status"/>`;
  const script = `#!/bin/sh\necho '<resource-agent><actions>${actions}</actions></resource-agent>'\n`;
  writeFileSync(path, script, { mode: 0o755 });
  return path;
}

function config(agents: readonly string[]): ReturnType<typeof loadConfig> {
  const hosts = agents.map((path, index) => ({
    hostname: `oss${index}`,
    fencing: [[{ agent: path, parameters: { plug: `oss${index}` } }]],
  }));
  const path = join(folder, 'aureole.yaml');
  writeFileSync(path, JSON.stringify({ hosts, resources: [], resource_groups: [] }));
  return loadConfig(path);
}

test('agents that switch power are accepted', async () => {
  const told = await checkFenceAgents(config([agent('fence_pdu', ''), agent('fence_bmc', '')]));
  assert.deepEqual(told, []);
});

test('an agent that does not answer in time is a warning that names its devices, and no error', async () => {
  const slow = join(folder, 'fence_slow');
  writeFileSync(slow, '#!/bin/sh\nsleep 600\n', { mode: 0o755 });
  const [warning = '', ...more] = await checkFenceAgents(config([slow]), { timeoutMs: 100 });
  assert.match(warning, /fence device oss0\/fence_slow: .*did not answer within 100 ms/);
  assert.deepEqual(more, []);
});

test('agents that are missing or cut storage are refused, all at once, with the devices that use them', async () => {
  const storage = agent('fence_array', ' on_target="1" automatic="1"');
  const missing = join(folder, 'fence_none');
  const check = checkFenceAgents(config([storage, storage, missing]));
  await assert.rejects(check, ({ message }: Error) => {
    const [first = '', second = '', ...more] = message.split('\n');
    assert.match(
      first,
      /aureole\.yaml: fence device oss0\/fence_array, oss1\/fence_array: .*automatic unfencing/,
    );
    assert.match(second, /fence device oss2\/fence_none: .*no such program/);
    return more.length === 0;
  });
});
