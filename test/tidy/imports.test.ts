// SPDX-License-Identifier: Apache-2.0
/** The import rules of ARCHITECTURE.md. Tests may import what they like. */
import assert from 'node:assert/strict';
import { dirname, join } from 'node:path/posix';
import { test } from 'node:test';
import { importsOf } from './source-text.ts';
import { isTest, plant, readTree, sourcesOf, type Tree } from './tree.ts';

/** What is configured is parsed without anything being done about it. */
const CONFIG =
  'src/kernel src/model src/@/config src/@/core src/@/fencing src/@/errors.ts src/*/contract.ts node: library';

/**
 * Who may import what; the first row that fits holds. `@` is one domain, the same on both sides,
 * `*` any one; `library` is any package, `node:` any part of Node. A folder stands for all in it.
 */
const TABLE: readonly (readonly [importer: string, targets: string])[] = [
  ['src/kernel', 'src/kernel'],
  ['src/model', 'src/kernel src/model zod'],
  ['src/runtime', 'src/kernel src/model src/runtime node: library'],
  ['src/sim', 'src/kernel src/sim'],
  ['src/lab', 'src/kernel src/model src/runtime src/lab node: library'],
  [
    'src/demo',
    'src/kernel src/model src/runtime src/lab src/demo src/*/contract.ts src/*/client.ts node: library',
  ],
  ['src/cli', 'src node: library'],
  ['src/@/core', 'src/kernel src/model src/@/core'],
  ['src/@/sim', 'src/kernel src/model src/sim src/@/core src/@/sim'],
  ['src/@/contract.ts', 'src/kernel src/model src/@/core zod'],
  ['src/@/config', `src/@/config.ts ${CONFIG}`],
  ['src/@/config.ts', CONFIG],
  ['src/@', 'src/kernel src/model src/runtime src/sim src/@ src/*/contract.ts node: library'],
  [
    'src/trial',
    'src/kernel src/model src/runtime src/lab src/trial src/*/contract.ts src/*/client.ts node: library',
  ],
  ['scripts', 'scripts bench src node: library'],
  ['bench', 'bench src node: library'],
];

const NO_DOMAIN = /^src\/(?:kernel|model|runtime|sim|lab|demo|trial|cli)\//;

function violations(tree: Tree): string[] {
  return [...sourcesOf(tree, (path) => !isTest(path))].flatMap(([path, text]) =>
    importsOf(text)
      .map((name) => (name.startsWith('.') ? join(dirname(path), name) : name))
      .filter((target) => !mayImport(path, target))
      .map((target) => `${path} must not import ${target}`),
  );
}

function mayImport(path: string, target: string): boolean {
  const row = TABLE.find(([importer]) => fits(importer, path, domainOf(path)));
  if (row === undefined) return false;
  return row[1].split(' ').some((allowed) => fits(allowed, target, domainOf(path)));
}

function fits(pattern: string, path: string, domain: string): boolean {
  if (pattern === 'node:') return path.startsWith('node:');
  if (pattern === 'library') return !/^(?:node:|src\/|scripts\/|bench\/|test\/|\.)/.test(path);
  if (pattern.includes('@') && domain === '') return false;
  const wanted = pattern.replace('@', domain).replace('*', '[^/]+');
  return new RegExp(`^${wanted}(?:/|$)`).test(path);
}

function domainOf(path: string): string {
  return NO_DOMAIN.test(path) ? '' : (/^src\/([^/]+)\//.exec(path)?.[1] ?? '');
}

test('every import keeps the rules', () => {
  const tree = readTree();
  assert.ok(sourcesOf(tree, (path) => path.startsWith('src/')).size > 5);
  assert.deepEqual(violations(tree), []);
});

const FORBIDDEN: readonly (readonly [path: string, name: string])[] = [
  ['src/kernel/a.ts', '../model/b.ts'],
  ['src/kernel/a.ts', 'zod'],
  ['src/model/a.ts', 'node:fs'],
  ['src/model/a.ts', 'yaml'],
  ['src/runtime/a.ts', '../ha/contract.ts'],
  ['src/sim/a.ts', '../model/b.ts'],
  ['src/sim/a.ts', '../ha/core/b.ts'],
  ['src/lab/a.ts', '../ha/contract.ts'],
  ['src/demo/a.ts', '../ha/core/b.ts'],
  ['src/demo/a.ts', '../ha/shell/b.ts'],
  ['src/ha/core/a.ts', 'zod'],
  ['src/ha/core/a.ts', 'node:fs'],
  ['src/ha/core/a.ts', '../../runtime/b.ts'],
  ['src/ha/core/a.ts', '../../hsm/contract.ts'],
  ['src/ha/core/a.ts', '../shell/b.ts'],
  ['src/ha/core/a.ts', '../contract.ts'],
  ['src/ha/sim/a.ts', '../../runtime/b.ts'],
  ['src/ha/sim/a.ts', '../../agent/contract.ts'],
  ['src/ha/contract.ts', './shell/b.ts'],
  ['src/ha/contract.ts', '../hsm/core/b.ts'],
  ['src/ha/config.ts', './shell/b.ts'],
  ['src/ha/config/a.ts', '../shell/b.ts'],
  ['src/ha/shell/a.ts', '../../agent/store.ts'],
  ['src/ha/shell/a.ts', '../../cli/b.ts'],
  ['src/ha/shell/a.ts', '../../lab/b.ts'],
  ['src/agent/a.ts', '../ha/core/b.ts'],
  ['src/pki/a.ts', '../agent/gate.ts'],
  ['src/ha/shell/a.ts', '../../pki/b.ts'],
  ['src/cli/a.ts', '../../test/needs.ts'],
  ['src/stray.ts', './kernel/error.ts'],
];

test('an import against the rules is found', () => {
  for (const [path, name] of FORBIDDEN) {
    const text = `import type { B } from '${name}';`;
    assert.equal(violations(plant({ [path]: text })).length, 1, `${path}: ${name}`);
  }
});

test('an import within the rules is none', () => {
  const shell = `import { a } from '../core/a.ts'; import { b } from '../../agent/contract.ts';
    import { c } from '../../runtime/c.ts'; import { d } from 'node:fs'; import { e } from 'hono';`;
  assert.deepEqual(violations(plant({ 'src/ha/shell/a.ts': shell })), []);
});
