// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cut, importsOf } from './source-text.ts';
import { readTree, sourcesOf } from './tree.ts';

function codeOf(source: string): string {
  return cut(source)
    .filter((piece) => piece.type === 'code')
    .map((piece) => piece.text)
    .join('|');
}

test('comments and strings are not code', () => {
  assert.equal(codeOf("a // it's\nb /* 'c' */ + 'd // e'"), 'a |\nb | + ');
});

test('what a template computes is code, at any depth', () => {
  assert.equal(codeOf('`x ${a + `y ${{ b }} z`} w` + c'), 'a + |{ b }| + c');
});

test('a quote in a regular expression begins no string', () => {
  assert.equal(codeOf(`x = /['"\`]/.test(y); z`), 'x = |.test(y); z');
  assert.equal(codeOf(`x = a / b; y = 'c / d'`), 'x = a / b; y = ');
});

test('every way to import is seen, and none that is only written about', () => {
  const source = [
    `import { a } from './a.ts';`,
    `import type { B } from "./b.ts";`,
    `import './c.ts';`,
    `export * from './d.ts';`,
    `const e = await import('./e.ts');`,
    `// import './no.ts';`,
    `const text = "import './no.ts'";`,
  ].join('\n');
  assert.deepEqual(importsOf(source), ['./a.ts', './b.ts', './c.ts', './d.ts', './e.ts']);
});

test('cutting loses nothing of any source of ours', () => {
  const sources = sourcesOf(readTree());
  assert.ok(sources.size > 0);
  for (const [path, text] of sources) {
    const again = cut(text).map((piece) => piece.text);
    assert.equal(again.join(''), text, path);
  }
});
