// SPDX-License-Identifier: Apache-2.0
/** The lint rules that STYLE.md counts on do fire: a setting that is misspelt is silent otherwise. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { z } from 'zod';
import { ROOT } from './tree.ts';

const run = promisify(execFile);
const Report = z.object({
  diagnostics: z.array(z.object({ code: z.string(), filename: z.string() })),
});

/** What oxlint says of these files under our settings: `path: rule`. */
async function lint(files: Readonly<Record<string, string>>): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'aureole-lint-'));
  try {
    await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    for (const name of ['.oxlintrc.json', 'tsconfig.json', 'package.json']) {
      await cp(join(ROOT, name), join(folder, name));
    }
    for (const [path, text] of Object.entries(files)) {
      await mkdir(join(folder, dirname(path)), { recursive: true });
      await writeFile(join(folder, path), text);
    }
    return await reported(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function reported(folder: string): Promise<string[]> {
  const oxlint = join(ROOT, 'node_modules', '.bin', 'oxlint');
  const stdout = await run(oxlint, ['--format=json', 'src', 'scripts', 'bench'], {
    cwd: folder,
    timeout: 30_000,
  }).then(
    (result) => result.stdout,
    (error: unknown) => z.object({ stdout: z.string() }).parse(error).stdout,
  );
  const { diagnostics } = Report.parse(JSON.parse(stdout));
  return diagnostics.map(
    ({ code, filename }) => `${filename}: ${code.replace(/^.*\((.*)\)$/, '$1')}`,
  );
}

const later = 'const later = (): Promise<void> => Promise.resolve();\n';
const lines = (count: number, line: string) => `${line}\n`.repeat(count);

const PLANTED: readonly (readonly [rule: string, path: string, text: string])[] = [
  ['no-floating-promises', 'src/ha/a.ts', `${later}export const a = () => { later(); };`],
  ['no-floating-promises', 'src/ha/a.test.ts', `${later}export const a = () => { later(); };`],
  ['no-misused-promises', 'src/ha/b.ts', `${later}export const a = () => [1].forEach(later);`],
  ['await-thenable', 'src/ha/c.ts', 'export const a = async () => { await 1; };'],
  [
    'switch-exhaustiveness-check',
    'src/ha/d.ts',
    `export function a(b: 'x' | 'y'): void { switch (b) { case 'x': return; } }`,
  ],
  ['no-explicit-any', 'src/ha/e.ts', 'export const a = (b: any) => b === 1;'],
  ['no-non-null-assertion', 'src/ha/f.ts', 'export const a = (b?: string) => b!;'],
  ['consistent-type-assertions', 'src/ha/g.ts', 'export const a = (b: unknown) => b as string;'],
  ['no-unsafe-return', 'src/ha/h.ts', 'export const a = (b: string): string => JSON.parse(b);'],
  ['eqeqeq', 'src/ha/i.ts', 'export const a = (b: number) => b == 1;'],
  ['no-default-export', 'src/ha/j.ts', 'export default 1;'],
  ['no-console', 'src/ha/k.ts', 'console.log(1);'],
  ['no-process-exit', 'src/ha/l.ts', 'export const a = () => process.exit(1);'],
  ['prefer-node-protocol', 'src/ha/m.ts', `import fs from 'fs'; export const a = fs;`],
  ['filename-case', 'src/ha/NotSo.ts', 'export const a = 1;'],
  ['max-lines', 'src/ha/n.ts', lines(401, '// A line.')],
  ['max-lines', 'src/ha/n.test.ts', lines(601, '// A line.')],
  [
    'max-lines-per-function',
    'src/ha/o.ts',
    `export function a(b: () => void): void {\n${lines(60, 'b();')}}`,
  ],
  ['no-cycle', 'src/ha/p.ts', `import { q } from './q.ts'; export const p = () => q;`],
];

const ALLOWED: Readonly<Record<string, string>> = {
  'src/ha/q.ts': `import { p } from './p.ts'; export const q = () => p;`,
  'src/cli/a.ts': 'console.log(1);',
  'src/cli/run-program.ts': 'process.exit(1);',
  'scripts/a.ts': 'console.log(1);\nprocess.exit(1);',
  'src/ha/r.ts': `export const A = ['x'] as const;\n${lines(399, '// A line.')}`,
  'src/ha/s.test.ts': `import { test } from 'node:test';\ntest('a', () => {});\n${lines(598, '// A line.')}`,
};

test('each lint rule that the style counts on finds its planted offender', async () => {
  const offenders = PLANTED.map(([, path, text]) => [path, text] as const);
  const found = await lint({ ...ALLOWED, ...Object.fromEntries(offenders) });
  for (const [rule, path] of PLANTED) {
    assert.ok(found.includes(`${path}: ${rule}`), `${path}: no ${rule}`);
  }
  const innocent = Object.keys(ALLOWED).filter((path) => path !== 'src/ha/q.ts');
  assert.deepEqual(
    found.filter((line) => innocent.some((path) => line.startsWith(`${path}:`))),
    [],
  );
});
