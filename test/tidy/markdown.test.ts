// SPDX-License-Identifier: Apache-2.0
/** The documents: one title each, links that lead somewhere, commands that exist, pages that stay short. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path/posix';
import { test } from 'node:test';
import { z } from 'zod';
import { plant, readTree, ROOT, type Tree } from './tree.ts';

const LINES_MAX = 400;
const NEEDED = ['README', 'ARCHITECTURE', 'CONTRIBUTING', 'STYLE', 'GLOSSARY'].map(
  (name) => `${name}.md`,
);
const FENCE = /^```[^]*?^```$/gm;

function faults(tree: Tree, exists: (path: string) => boolean): string[] {
  const scripts = scriptsOf(tree);
  return [...tree]
    .filter(([path]) => path.endsWith('.md'))
    .flatMap(([path, text]) =>
      [
        ...titleFaults(text),
        ...(text.split('\n').length > LINES_MAX ? [`more than ${LINES_MAX} lines`] : []),
        ...linkFaults(path, text, tree, exists),
        ...[...text.matchAll(/\bnpm (?:run )?(start|test|(?<=run )[\w-]+)/g)]
          .filter(([, name = '']) => !scripts.has(name))
          .map(([, name = '']) => `no npm script ${name}`),
      ].map((fault) => `${path}: ${fault}`),
    );
}

function titleFaults(text: string): string[] {
  const titles = text.replace(FENCE, '').match(/^# .+$/gm) ?? [];
  return text.startsWith('# ') && titles.length === 1 ? [] : ['not one title, in the first line'];
}

function linkFaults(
  path: string,
  text: string,
  tree: Tree,
  exists: (path: string) => boolean,
): string[] {
  const links = [...text.replace(FENCE, '').matchAll(/\]\(([^)\s]+)\)/g)].map(
    ([, link = '']) => link,
  );
  return links
    .filter((link) => !/^[a-z]+:/.test(link))
    .filter((link) => {
      const [file = '', anchor] = link.split('#');
      const target = file === '' ? path : normalize(join(dirname(path), file));
      const known = tree.get(target);
      if (known === undefined) return anchor !== undefined || !exists(target);
      return anchor !== undefined && !anchorsOf(known).has(anchor);
    })
    .map((link) => `dead link ${link}`);
}

/** As the forges make them of headings. */
function anchorsOf(text: string): ReadonlySet<string> {
  const headings = [...text.replace(FENCE, '').matchAll(/^#+ (.+)$/gm)].map(
    ([, heading = '']) => heading,
  );
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

function scriptsOf(tree: Tree): ReadonlySet<string> {
  const text = tree.get('package.json') ?? '{}';
  const { scripts } = z
    .object({ scripts: z.record(z.string(), z.string()) })
    .parse(JSON.parse(text));
  return new Set(Object.keys(scripts));
}

test('every document has its title, short pages, living links and real commands', () => {
  const tree = readTree();
  assert.deepEqual(
    NEEDED.filter((path) => !tree.has(path)),
    [],
  );
  assert.deepEqual(
    faults(tree, (path) => existsSync(join(ROOT, path))),
    [],
  );
});

test('the decisions are numbered without gap or double', () => {
  const numbers = [...readTree().keys()]
    .map((path) => /^docs\/adr\/(\d{4})-[a-z0-9-]+\.md$/.exec(path)?.[1])
    .filter((number) => number !== undefined)
    .map(Number);
  assert.ok(numbers.length > 0);
  assert.deepEqual(
    numbers,
    numbers.map((_, index) => index + 1),
  );
});

test('each fault of a document is found', () => {
  const faultsOf = (text: string): string[] => {
    const files = {
      'docs/a.md': text,
      'b.md': '# B\n\n## A part\n',
      'package.json': '{"scripts":{"test":""}}',
    };
    return faults(plant(files), (path) => path === 'src').map((fault) =>
      fault.replace('docs/a.md: ', ''),
    );
  };
  const [title, dead] = ['not one title, in the first line', 'dead link'];
  assert.deepEqual(faultsOf('No title\n'), [title]);
  assert.deepEqual(faultsOf('# One\n\n# Two\n'), [title]);
  assert.deepEqual(faultsOf('# A\n\n[b](b.md)\n'), [`${dead} b.md`]);
  assert.deepEqual(faultsOf('# A\n\n[b](../b.md#no-part)\n'), [`${dead} ../b.md#no-part`]);
  assert.deepEqual(faultsOf('# A\n\n[b](#nowhere)\n'), [`${dead} #nowhere`]);
  assert.deepEqual(faultsOf('# A\n\n`npm run nothing`\n'), ['no npm script nothing']);
  assert.deepEqual(faultsOf('# A\n\n`npm start`\n'), ['no npm script start']);
  assert.deepEqual(faultsOf(`# A\n${'x\n'.repeat(LINES_MAX)}`), [`more than ${LINES_MAX} lines`]);
  const fine = '# A\n\n[b](../b.md#a-part) [s](../src) [w](https://example.org) `npm test`\n';
  assert.deepEqual(faultsOf(`${fine}\n\`\`\`sh\n# no title\n\`\`\`\n`), []);
});
