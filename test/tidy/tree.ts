// SPDX-License-Identifier: Apache-2.0
/** The repository as a value: what the tidy rules look at. A planted tree has the same shape. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Path from the root of the repository -> text. */
export type Tree = ReadonlyMap<string, string>;

export const ROOT = join(import.meta.dirname, '..', '..');

const TEXT = ['**/*.{ts,cjs,md,json,sh,py,txt,yaml}', 'bin/*', '.ci/*', '.*.json', 'LICENSE'];
const NOT_OURS = /(^|\/)(node_modules|\.git|dist)(\/|$)/;

export function readTree(): Tree {
  const paths = globSync(TEXT, { cwd: ROOT, exclude: (path) => NOT_OURS.test(path) });
  const files = [...new Set(paths)].sort();
  return new Map(files.map((path) => [path, readFileSync(join(ROOT, path), 'utf8')]));
}

export function plant(files: Readonly<Record<string, string>>): Tree {
  return new Map(Object.entries(files));
}

/** The TypeScript files of which `keep` says yes. */
export function sourcesOf(tree: Tree, keep: (path: string) => boolean = () => true): Tree {
  return new Map([...tree].filter(([path]) => path.endsWith('.ts') && keep(path)));
}

export function isTest(path: string): boolean {
  return path.endsWith('.test.ts') || path.startsWith('test/');
}
