// SPDX-License-Identifier: Apache-2.0
/** Every dependency is one exact version, locked, and comes from whichever registry the site uses. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { plant, readTree, type Tree } from './tree.ts';

const Versions = z.record(z.string(), z.string()).default({});
const Manifest = z.object({
  dependencies: Versions,
  devDependencies: Versions,
  optionalDependencies: Versions,
});
const Lock = z.object({
  packages: z.record(
    z.string(),
    z.object({ version: z.string().optional(), resolved: z.string().optional() }),
  ),
});

function faults(tree: Tree): string[] {
  const manifest = Manifest.parse(JSON.parse(tree.get('package.json') ?? ''));
  const { packages } = Lock.parse(JSON.parse(tree.get('package-lock.json') ?? ''));
  const wanted = Object.entries({
    ...manifest.dependencies,
    ...manifest.devDependencies,
    ...manifest.optionalDependencies,
  });
  return [
    ...wanted
      .filter(([, version]) => !/^\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(version))
      .map(([name]) => `${name}: not pinned`),
    ...wanted
      .filter(([name, version]) => packages[`node_modules/${name}`]?.version !== version)
      .map(([name]) => `${name}: the lock file has another version`),
    ...Object.entries(packages)
      .filter(([, { resolved }]) => resolved !== undefined)
      .map(([path]) => `${path}: the lock file names a registry`),
  ];
}

test('every dependency is pinned, locked, and bound to no registry', () => {
  assert.deepEqual(faults(readTree()), []);
});

test('a loose, unlocked or bound dependency is found', () => {
  const tree = plant({
    'package.json': '{"dependencies":{"a":"^1.0.0","b":"1.0.0","c":"1.0.0"}}',
    'package-lock.json': `{"packages":{"node_modules/a":{"version":"^1.0.0"},"node_modules/b":{"version":"1.0.1"},
      "node_modules/c":{"version":"1.0.0","resolved":"https://example.org/c.tgz"}}}`,
  });
  assert.deepEqual(faults(tree), [
    'a: not pinned',
    'b: the lock file has another version',
    'node_modules/c: the lock file names a registry',
  ]);
});
