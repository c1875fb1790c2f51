// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fitting } from './terminal.ts';

test('a live view that is longer than the terminal keeps its beginning and says how much is missing', () => {
  const text = ['ALARM', 'b', 'c', 'd'].join('\n');
  assert.equal(fitting(text, { rows: 5, columns: 80 }), text);
  assert.equal(fitting(text, { rows: 4, columns: 80 }), 'ALARM\nb\n(2 more lines)');
});

test('a line that is wider than the terminal takes several rows, and colours take none', () => {
  const text = ['x'.repeat(20), '\u001B[31mred\u001B[39m', 'c', 'd'].join('\n');
  assert.equal(fitting(text, { rows: 6, columns: 10 }), text);
  assert.equal(
    fitting(text, { rows: 5, columns: 10 }),
    `${text.slice(0, text.indexOf('\nc'))}\n(2 more lines)`,
  );
});

test('a terminal that does not know its size is shown everything', () => {
  assert.equal(fitting('a\nb', { rows: 0, columns: 0 }), 'a\nb');
});
