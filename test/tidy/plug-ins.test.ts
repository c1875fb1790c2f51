// SPDX-License-Identifier: Apache-2.0
/**
 * A kind of plug-in is a folder with a contract and a registry. It has a conformance suite, and each
 * member, a folder in it, is registered, explained, and passes that suite.
 */
import assert from 'node:assert/strict';
import { dirname, join } from 'node:path/posix';
import { test } from 'node:test';
import { importsOf } from './source-text.ts';
import { plant, readTree, type Tree } from './tree.ts';

function faults(tree: Tree): string[] {
  return kindsOf(tree).flatMap((kind) => [
    ...(tree.has(join(kind, 'conformance.ts')) ? [] : [`${kind}: no conformance.ts`]),
    ...membersOf(kind, tree).flatMap((member) => memberFaults(kind, member, tree)),
  ]);
}

function kindsOf(tree: Tree): string[] {
  return [...tree.keys()]
    .filter((path) => path.endsWith('/registry.ts') && tree.has(join(dirname(path), 'contract.ts')))
    .map((path) => dirname(path));
}

function membersOf(kind: string, tree: Tree): string[] {
  const below = [...tree.keys()].filter((path) => path.startsWith(`${kind}/`));
  const folders = below
    .map((path) => path.slice(kind.length + 1))
    .filter((path) => path.includes('/'));
  return [...new Set(folders.map((path) => join(kind, path.split('/')[0] ?? '')))];
}

function memberFaults(kind: string, member: string, tree: Tree): string[] {
  const own = [...tree].filter(([path]) => path.startsWith(`${member}/`));
  const suite = join(kind, 'conformance.ts');
  const registered = targetsOf(join(kind, 'registry.ts'), tree).some((target) =>
    target.startsWith(`${member}/`),
  );
  const conforms = own.some(
    ([path]) => path.endsWith('.test.ts') && targetsOf(path, tree).includes(suite),
  );
  const strangers = own.flatMap(([path]) =>
    targetsOf(path, tree).filter(
      (target) => !target.startsWith(`${member}/`) && isBarred(kind, target),
    ),
  );
  return [
    ...(registered ? [] : [`${member}: not in registry.ts`]),
    ...(tree.has(join(member, 'README.md')) ? [] : [`${member}: no README.md`]),
    ...(conforms ? [] : [`${member}: no test runs conformance.ts`]),
    ...strangers.map((target) => `${member}: imports ${target}`),
  ];
}

/** A member knows its kind's contract, and neither its siblings nor the core that decides about it. */
function isBarred(kind: string, target: string): boolean {
  const sibling = target.startsWith(`${kind}/`) && target.slice(kind.length + 1).includes('/');
  return sibling || target.startsWith(`${dirname(kind)}/core/`);
}

function targetsOf(path: string, tree: Tree): string[] {
  const text = path.endsWith('.ts') ? (tree.get(path) ?? '') : '';
  return importsOf(text)
    .filter((name) => name.startsWith('.'))
    .map((name) => join(dirname(path), name));
}

test('every plug-in is registered, explained and conforming', () => {
  assert.deepEqual(faults(readTree()), []);
});

const KIND = {
  'src/hsm/movers/contract.ts': '',
  'src/hsm/movers/conformance.ts': '',
  'src/hsm/movers/registry.ts': `import { posix } from './posix/index.ts';`,
  'src/hsm/movers/posix/index.ts': `import type { Mover } from '../contract.ts'; import './copy.ts';`,
  'src/hsm/movers/posix/copy.ts': '',
  'src/hsm/movers/posix/README.md': '# POSIX\n',
  'src/hsm/movers/posix/posix.test.ts': `import { conformance } from '../conformance.ts';`,
};

test('a complete kind has no faults', () => {
  assert.deepEqual(faults(plant(KIND)), []);
});

test('each omission of a plug-in is found', () => {
  const spoilt = (changes: Record<string, string>): string[] =>
    faults(plant({ ...KIND, ...changes }));
  assert.deepEqual(spoilt({ 'src/hsm/movers/s3/index.ts': '' }), [
    'src/hsm/movers/s3: not in registry.ts',
    'src/hsm/movers/s3: no README.md',
    'src/hsm/movers/s3: no test runs conformance.ts',
  ]);
  assert.deepEqual(spoilt({ 'src/hsm/movers/posix/copy.ts': `import '../../core/queue.ts';` }), [
    'src/hsm/movers/posix: imports src/hsm/core/queue.ts',
  ]);
  const { 'src/hsm/movers/conformance.ts': _, ...unsuited } = KIND;
  assert.deepEqual(faults(plant(unsuited)), ['src/hsm/movers: no conformance.ts']);
});
