// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { printableLine, printableText } from './printable.ts';

test('escape sequences go as a whole', () => {
  assert.equal(printableLine('\u001B[31mred\u001B[0m \u001B]0;title\u0007done'), 'red done');
  assert.equal(printableLine('a\u001B[2Jb\u009B2Jc\u001Bcd'), 'ab2Jcd');
});

test('a line stays one line, and reads in the order that it is written', () => {
  assert.equal(printableLine('one\r\ntwo\tthree\u2028four'), 'one two threefour');
  assert.equal(printableLine('oss1\u202Effo'), 'oss1ffo');
  assert.equal(printableText('a\tb\r\nc\u0000\u0008d'), 'a    b\ncd');
});

test('ordinary text of any language is left alone', () => {
  for (const text of ['mount: /mnt/größe', '日本語', 'zpool "a" (100 %)']) {
    assert.equal(printableLine(text), text);
    assert.equal(printableText(text), text);
  }
});

test('no control character survives, whatever the text', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(0xffff)), (units) => {
      const text = String.fromCharCode(...units);
      assert.doesNotMatch(printableLine(text), /\p{Cc}/u);
      assert.doesNotMatch(printableText(text).replaceAll('\n', ''), /\p{Cc}/u);
    }),
  );
});
