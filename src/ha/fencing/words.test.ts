// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lastWords, withoutSecrets } from './words.ts';

test('the last line that is not empty is kept', () => {
  assert.equal(
    lastWords('a warning\nERROR: Connection timed out\n\n\n', []),
    'ERROR: Connection timed out',
  );
  assert.equal(lastWords('\n', []), '');
});

test('a long line is shortened', () => {
  assert.equal(lastWords('x'.repeat(1_000), []).length, 303);
});

test('secrets are replaced, also as they stand in an address', () => {
  assert.equal(
    withoutSecrets('https://admin:p%40ss@bmc refused p@ss', ['p@ss']),
    'https://admin:***@bmc refused ***',
  );
});

test('a secret that begins with another one leaves no rest', () => {
  assert.equal(withoutSecrets('login secret2', ['secret', 'secret2']), 'login ***');
});

test('an empty secret replaces nothing', () => {
  assert.equal(withoutSecrets('abc', ['']), 'abc');
});

test('a secret of which a part was left out does not show', () => {
  const output = 'first\npassword=sec\n[... 9 bytes left out ...]\nret is wrong\n';
  assert.equal(lastWords(output, ['secret']), 'first');
});
