// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseEnvironmentFile } from './environment-file.ts';

function valuesOf(text: string): Record<string, string> {
  const { entries, mistakes } = parseEnvironmentFile(text);
  assert.deepEqual(mistakes, []);
  return Object.fromEntries([...entries].map(([key, { value }]) => [key, value]));
}

function mistakesIn(text: string): string[] {
  return parseEnvironmentFile(text).mistakes.map(({ line, text: what }) => `${line}: ${what}`);
}

test('values are read as systemd reads them: bare, quoted, escaped, over several lines', () => {
  const text =
    String.raw`
# a comment
; another one
BARE= two words  ` +
    String.raw`
SINGLE='it is $HOME \ "so"'
DOUBLE="a \"b\" \$c \\ \d"
JOINED="a" 'b'c
BROKEN=one\
two
SPREAD="one
two"
EMPTY=
HASH=a # b
  INDENTED = x
LAST=\#`;
  assert.deepEqual(valuesOf(text), {
    BARE: 'two words',
    SINGLE: String.raw`it is $HOME \ "so"`,
    DOUBLE: String.raw`a "b" $c \ \d`,
    JOINED: 'abc',
    BROKEN: 'onetwo',
    SPREAD: 'one\ntwo',
    EMPTY: '',
    HASH: 'a # b',
    INDENTED: 'x',
    LAST: '#',
  });
});

test('the last of several lines counts, and lines are counted from one', () => {
  const { entries } = parseEnvironmentFile('\nA=1\r\nB="x\ny"\nA=2\n');
  assert.deepEqual(entries.get('A'), { value: '2', line: 5 });
  assert.deepEqual(entries.get('B'), { value: 'x\ny', line: 3 });
});

test('every line that is no setting is told, with what to do', () => {
  assert.deepEqual(mistakesIn('export A=1\nB\n7C=1\nD="open\nE\n'), [
    '1: export has no meaning here: remove the word',
    '2: is no KEY=VALUE: add the value, or # in front',
    '3: before = stands no name: use letters, digits and _',
    '4: D: a quote is opened and not closed: close it',
    '5: is no KEY=VALUE: add the value, or # in front',
  ]);
});

test('any text is read to its end', () => {
  const piece = fc.constantFrom('A', '=', '"', "'", '\\', '\n', ' ', '#', 'é', '\r', '$', '\0');
  fc.assert(
    fc.property(fc.array(piece), (pieces) => {
      const { entries, mistakes } = parseEnvironmentFile(pieces.join(''));
      for (const { line } of [...entries.values(), ...mistakes]) assert.ok(line >= 1);
    }),
  );
});
