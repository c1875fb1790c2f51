// SPDX-License-Identifier: Apache-2.0
/** The manual has everything, and man finds no fault with it. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { SECTIONS } from '../../../src/cli/program.ts';
import { needs } from '../../../test/needs.ts';
import { PACKAGING, ROOT } from '../places.ts';
import { keysOfSchema, KEY_TEXTS } from './config-keys.ts';
import { manualPages } from './pages.ts';
import { escape } from './roff.ts';
import { environmentOf } from './surroundings.ts';

const EDITION = { version: '1.2.3', epoch: 1_700_000_000 };

test('each key of the configuration has its text, and no text is about a key that is gone', () => {
  const keys = keysOfSchema().map(({ path }) => path);
  assert.ok(keys.includes('ha.fencing.rearm') && keys.includes('hosts[].fencing[][].agent'));
  assert.deepEqual([...KEY_TEXTS.keys()], keys);
});

test('what keys may be comes from the schema', () => {
  const keys = new Map(keysOfSchema().map((key) => [key.path, key]));
  assert.deepEqual(keys.get('ha.mode')?.words, ['observe', 'manage']);
  assert.equal(keys.get('ha.mode')?.fallback, 'observe');
  assert.equal(keys.get('ha.heartbeat_timeout')?.fallback, '10s');
  assert.equal(keys.get('hosts[].hostname')?.isRequired, true);
  assert.equal(keys.get('hosts[].address')?.isRequired, false);
});

test('each setting that a source looks for is in the manual and in the file of settings', () => {
  const sources = globSync('src/**/*.ts', { cwd: ROOT }).filter(
    (path) => !path.endsWith('.test.ts'),
  );
  const used = sources.flatMap((path) => {
    const text = readFileSync(join(ROOT, path), 'utf8').replaceAll(/^ \*.*$/gm, '');
    return [...text.matchAll(/find\(\s*'(AUREOLE_\w+)'/g)].map(([, name]) => name ?? '');
  });
  assert.ok(used.includes('AUREOLE_CONFIG'));
  const told = environmentOf('all').map(([name]) => name);
  const written = readFileSync(join(PACKAGING, 'settings'), 'utf8');
  for (const name of used) {
    assert.ok(told.includes(name), `${name} is missing in the manual`);
    assert.match(written, new RegExp(`^#${name}=`, 'm'));
  }
});

test('there is a page for each command, one for all, and one for the configuration', async () => {
  const pages = await manualPages(EDITION);
  const names = [...SECTIONS.values()].flat().map(({ name }) => name);
  for (const name of names) {
    const section = ['manager', 'agent'].includes(name) ? 8 : 1;
    assert.ok(pages.has(`aureole-${name}.${section}`), name);
  }
  assert.ok(pages.has('aureole.1') && pages.has('aureole.yaml.5'));
  assert.match(pages.get('aureole-status.1') ?? '', /\.SH EXAMPLES\n.*\naureole status/s);
  assert.match(pages.get('aureole-agent.8') ?? '', /^\.B aureole\\-agent \[options\]$/m);
});

test('no page knows of the machine that it was built on', async () => {
  const { stdout } = spawnSync('hostname', { encoding: 'utf8' });
  const name = stdout.trim();
  for (const [file, text] of await manualPages(EDITION)) {
    assert.ok(name === '' || !text.includes(escape(name)), file);
  }
});

test('mandoc finds no fault with a page', { skip: needs({ programs: ['mandoc'] }) }, async () => {
  for (const [file, input] of await manualPages(EDITION)) {
    const { stdout, stderr } = spawnSync('mandoc', ['-T', 'lint', '-W', 'warning'], {
      input,
      encoding: 'utf8',
      timeout: 10_000,
    });
    assert.equal(stdout + stderr, '', file);
  }
});

test('what roff would take for its own is text', () => {
  assert.equal(escape('.TH "x"\\n'), '\\&.TH "x"\\en');
  assert.equal(escape("a\n'b"), "a\n\\&'b");
});
