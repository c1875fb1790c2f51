// SPDX-License-Identifier: Apache-2.0
/** What every file begins with, and what none may say. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plant, readTree, type Tree } from './tree.ts';

const LICENCE = 'SPDX-License-Identifier: Apache-2.0';
/** This file has to spell what it forbids. */
const SELF = 'test/tidy/words.test.ts';

const FORBIDDEN: readonly (readonly [word: RegExp, instead: string])[] = [
  [
    /(?<![\w.$}*])\/(?:home|root|Users|work|mnt\/c)\/\w/,
    'a path of one machine: name it by what it is for',
  ],
  [/(?<![\w.$}])\/tmp\b/, 'os.tmpdir(), or a folder that the caller gives'],
  [/(?:^|[^\w])(?:\.\.\/)+shared\//, 'the project needs nothing outside of its clone'],
  [
    /https?:\/\/(?:registry|npm|artifactory|nexus)\b[\w.-]*/i,
    'the registry is the site’s to configure',
  ],
  [/\b(?:TODO|FIXME|XXX)\b(?!\(#\d+\): \S)/, 'TODO(#123): what is to be done'],
  [/@ts-(?:ignore|nocheck|expect-error)\b/, 'types that are true'],
];

function withoutLicence(tree: Tree): string[] {
  return [...tree]
    .filter(([path]) => /\.(?:ts|cjs|sh|py)$/.test(path) || isScript(path, tree))
    .filter(([, text]) => {
      const [first = '', second = ''] = text.split('\n');
      return (first.startsWith('#!') ? second : first).replace(/^(?:\/\/|#) /, '') !== LICENCE;
    })
    .map(([path]) => path);
}

function isScript(path: string, tree: Tree): boolean {
  return tree.get(path)?.startsWith('#!') === true;
}

function forbiddenWords(tree: Tree): string[] {
  return [...tree].flatMap(([path, text]) =>
    text
      .split('\n')
      .flatMap((line, index) =>
        FORBIDDEN.filter(([word]) => word.test(line)).map(
          ([, instead]) => `${path}:${index + 1}: ${line.trim().slice(0, 80)} (${instead})`,
        ),
      ),
  );
}

test('every source and script names its licence first', () => {
  const tree = readTree();
  assert.ok(tree.has('bin/aureole') && tree.has('scripts/with-setup.sh'));
  assert.deepEqual(withoutLicence(tree), []);
});

test('a source or script without its licence is found', () => {
  const tree = plant({
    'src/a.ts': '// Other words\n',
    'src/b.ts': `\n// ${LICENCE}\n`,
    'bin/c': '#!/bin/sh\nexit 0\n',
    'src/fine.ts': `// ${LICENCE}\n`,
    'bin/fine': `#!/bin/sh\n# ${LICENCE}\n`,
    'README.md': '# Not a source\n',
  });
  assert.deepEqual(withoutLicence(tree), ['src/a.ts', 'src/b.ts', 'bin/c']);
});

test('no file names a machine, a registry, or work without its reference', () => {
  const tree = new Map([...readTree()].filter(([path]) => path !== SELF));
  assert.ok(tree.size > 20);
  assert.deepEqual(forbiddenWords(tree), []);
});

test('each forbidden word is found, and what only resembles it is not', () => {
  const bad = [
    `const file = '/home/jo/x';`,
    'see /root/notes',
    `mkdtemp('/tmp/a')`,
    `readFile('../../shared/a.md')`,
    'registry=https://registry.example.org/',
    '// TODO: later',
    '// TODO (somebody)',
    '// @ts-expect-error',
  ];
  for (const line of bad) assert.equal(forbiddenWords(plant({ 'a.ts': line })).length, 1, line);
  const fine = [
    '// TODO(#12): say so',
    'join(tmp, "a")',
    './work/a',
    'shared/exclusive',
    'tmpfs on /run',
  ];
  for (const line of fine) assert.deepEqual(forbiddenWords(plant({ 'a.ts': line })), [], line);
});
