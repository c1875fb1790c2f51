// SPDX-License-Identifier: Apache-2.0
/**
 * What decides takes everything from its arguments: no clock, chance, I/O, promise, locale. The
 * compiler of the bundles is asked, since it knows a global from a local of the same name: each
 * global that is not plain arithmetic on plain data is renamed and must not be there afterwards.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { build, type BuildOptions, type Plugin } from 'esbuild';
import { isTest, plant, readTree, ROOT, sourcesOf, type Tree } from './tree.ts';

const PURE = /^src\/(?:kernel|model|sim|[^/]+\/(?:core|sim))\//;
/** The model parses with zod, which is as pure as the machines and far larger. */
const LIBRARIES = /^src\/model\//;

const HARMLESS = new Set(
  `Array ArrayBuffer BigInt BigInt64Array BigUint64Array Boolean DataView Error EvalError Float32Array
  Float64Array Infinity Int16Array Int32Array Int8Array Iterator JSON Map Math NaN Number Object RangeError
  Reflect RegExp Set String Symbol SyntaxError TypeError URIError Uint16Array Uint32Array Uint8Array
  Uint8ClampedArray WeakMap WeakSet decodeURIComponent encodeURIComponent isFinite isNaN parseFloat parseInt
  structuredClone undefined`.split(/\s+/),
);
/** Their last digits are the engine's own affair. */
const INEXACT =
  'random sin cos tan asin acos atan atan2 sinh cosh tanh asinh acosh atanh exp expm1 cbrt hypot';
const MARK = 'impure_';
const BANNED = [
  ...Object.getOwnPropertyNames(globalThis).filter((name) => !HARMLESS.has(name)),
  ...INEXACT.split(' ').map((name) => `Math.${name}`),
  'require',
  'module',
  'import.meta',
].filter((name) => /^[\w.]+$/.test(name));

const OPTIONS = {
  absWorkingDir: ROOT,
  platform: 'neutral',
  format: 'esm',
  write: false,
  logLevel: 'silent',
  legalComments: 'none',
  target: 'esnext',
} satisfies BuildOptions;

async function impurities(path: string, text: string): Promise<string[]> {
  const result = await build({
    ...OPTIONS,
    stdin: { contents: text, sourcefile: path, loader: 'ts' },
    define: Object.fromEntries(BANNED.map((name) => [name, MARK + name.replace('.', '_')])),
    supported: { 'async-await': false, 'async-generator': false, 'for-await': false },
    mangleProps: /^(?:localeCompare|toLocale\w*)$/,
    mangleCache: {},
  });
  const code = result.outputFiles.map((file) => file.text).join('\n');
  const found = [
    ...[...code.matchAll(new RegExp(`\\b${MARK}(\\w+)`, 'g'))].map(([, name = '']) => name),
    ...(/\b__(?:async|await|asyncGenerator|forAwait)\b/.test(code) ? ['async'] : []),
    ...(/\bimport\s*\(/.test(code) ? ['import()'] : []),
    ...Object.keys(result.mangleCache),
  ];
  return [...new Set(found)].map((name) => `${path}: ${name}`);
}

/** Bundles like a browser's page would: what is asked of the environment cannot be resolved. */
async function environmentOf(entries: Tree): Promise<string[]> {
  const files = new Map([...entries].map(([path, text]) => [join(ROOT, path), text]));
  try {
    const { metafile, warnings } = await build({
      ...OPTIONS,
      entryPoints: [...files.keys()],
      outdir: 'unwritten',
      bundle: true,
      metafile: true,
      plugins: [planted(files)],
    });
    const asked = Object.values(metafile.outputs).flatMap((output) => output.imports);
    return [...asked.map(({ path }) => path), ...warnings.map(({ text }) => text)];
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  }
}

/** The entries as they are in the tree that is looked at, on disk or not. */
function planted(files: ReadonlyMap<string, string>): Plugin {
  return {
    name: 'planted',
    setup: (bundle) => {
      bundle.onResolve({ filter: /.*/ }, ({ path }) => (files.has(path) ? { path } : undefined));
      bundle.onLoad({ filter: /.*/ }, ({ path }) => {
        const contents = files.get(path);
        return contents === undefined ? undefined : { contents, loader: 'ts' };
      });
    },
  };
}

function pureSources(tree: Tree): Tree {
  return sourcesOf(tree, (path) => PURE.test(path) && !isTest(path));
}

test('nothing that decides reaches for clock, chance, I/O or promises', async () => {
  const sources = pureSources(readTree());
  assert.ok(sources.size > 3);
  const found = await Promise.all([...sources].map(([path, text]) => impurities(path, text)));
  assert.deepEqual(found.flat(), []);
});

test('the cores bundle for no platform at all', async () => {
  const sources = [...pureSources(readTree())].filter(([path]) => !LIBRARIES.test(path));
  assert.deepEqual(await environmentOf(new Map(sources)), []);
});

const IMPURE: readonly (readonly [code: string, found: string])[] = [
  ['export const a = Date.now();', 'Date'],
  ['export const a = () => new Date();', 'Date'],
  ['export const a = globalThis.Date;', 'globalThis'],
  ['export const a = Math.random();', 'Math_random'],
  ['export const a = performance.now();', 'performance'],
  ['setTimeout(() => {}, 1);', 'setTimeout'],
  ['queueMicrotask(() => {});', 'queueMicrotask'],
  ['export const a = process.env;', 'process'],
  ['console.log(1);', 'console'],
  ['export const a = Promise.resolve(1);', 'Promise'],
  ['export async function a() {}', 'async'],
  ['export async function* a() { yield 1; }', 'async'],
  ['export const a = (b: string) => b.localeCompare("c");', 'localeCompare'],
  ['export const a = (b: number) => b.toLocaleString();', 'toLocaleString'],
  ['export const a = new Intl.Collator();', 'Intl'],
  ['export const a = () => eval("1");', 'eval'],
  ['export const a = crypto.randomUUID();', 'crypto'],
];

test('each kind of impurity is found', async () => {
  for (const [code, name] of IMPURE) {
    const found = await impurities('src/ha/core/planted.ts', code);
    assert.ok(found.includes(`src/ha/core/planted.ts: ${name}`), `${code} -> ${found.join()}`);
  }
  const later = `export const a = () => import('./b.ts');`;
  assert.ok((await impurities('src/ha/core/planted.ts', later)).length > 0, later);
});

test('words in comments, strings and types are no impurity, nor is a local of that name', async () => {
  const code = `/** Not Date.now(), nor async. */
    export type A = Promise<Date>;
    export const text = 'console.log, process.exit, await';
    export const later = (Date: number, process: { exit: number }) => Date + process.exit;`;
  assert.deepEqual(await impurities('src/ha/core/planted.ts', code), []);
});

test('a core that asks something of its environment does not bundle', async () => {
  for (const name of ['node:fs', 'fs', 'no-such-library', '../shell/nowhere.ts']) {
    const tree = plant({ 'src/ha/core/planted.ts': `import '${name}';` });
    assert.notDeepEqual(await environmentOf(tree), [], name);
  }
});
