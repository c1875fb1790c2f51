// SPDX-License-Identifier: Apache-2.0
/** What a newcomer copies from the README works: the configuration is valid, the commands exist. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { SECTIONS } from '../../src/cli/program.ts';
import { loadConfig } from '../../src/ha/config.ts';
import { readTree } from './tree.ts';

const README = readTree().get('README.md') ?? '';

test('the configuration of the README is valid', () => {
  const folder = mkdtempSync(join(tmpdir(), 'aureole-readme-'));
  try {
    const password = join(folder, 'bmc.password');
    const config = join(folder, 'aureole.yaml');
    const [, yaml = ''] = /^```yaml\n([^]*?)^```$/m.exec(README) ?? [];
    writeFileSync(password, 'secret\n', { mode: 0o600 });
    writeFileSync(config, yaml.replaceAll('/etc/aureole/bmc.password', password));
    assert.deepEqual([...loadConfig(config).spec.hosts.keys()], ['oss1', 'oss2']);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('the commands of the documents exist', () => {
  const known = new Set([...SECTIONS.values()].flat().map(({ name }) => name));
  const documents = [...readTree()].filter(([path]) => path.endsWith('.md'));
  const said = documents.flatMap(([, text]) =>
    [...text.matchAll(/(?:npx |`)aureole ([a-z-]+)/g)].map(([, name = '']) => name),
  );
  assert.ok(said.length > 5);
  assert.deepEqual(
    said.filter((name) => !known.has(name)),
    [],
  );
});
