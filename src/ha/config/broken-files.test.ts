// SPDX-License-Identifier: Apache-2.0
/**
 * Each `test/config/broken/NAME.yaml` holds the mistake that its name says, `NAME.txt` what is told of
 * it. `UPDATE=1` writes the texts anew: read them before they are committed.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { AureoleError } from '../../kernel/error.ts';
import { loadConfig } from '../config.ts';

const FILES = join(import.meta.dirname, '../../../test/config/broken');
const folder = mkdtempSync(join(tmpdir(), 'aureole-broken-'));
after(() => rmSync(folder, { recursive: true }));

/** Read from a copy that nobody else may read, as a file with passwords must be. */
function toldOf(name: string): string {
  const path = join(folder, name);
  writeFileSync(path, readFileSync(join(FILES, name)), { mode: 0o600 });
  try {
    loadConfig(path);
  } catch (error) {
    assert.ok(error instanceof AureoleError);
    return `${error.message.replaceAll(path, name)}\n`;
  }
  return 'no complaint\n';
}

const names = readdirSync(FILES).filter((name) => name.endsWith('.yaml'));

test('there are files to try', () => assert.ok(names.length >= 60));

for (const name of names) {
  test(`the mistake is told: ${name.slice(0, -'.yaml'.length).replaceAll('-', ' ')}`, () => {
    const golden = join(FILES, name.replace(/\.yaml$/, '.txt'));
    const told = toldOf(name);
    if (process.env['UPDATE'] === '1') writeFileSync(golden, told);
    assert.equal(told, readFileSync(golden, 'utf8'));
    for (const line of told.trimEnd().split('\n')) assert.match(line, /^\S+\.yaml:\d+:\d+: \S/);
  });
}
