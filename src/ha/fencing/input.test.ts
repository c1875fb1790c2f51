// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fenceInput } from './input.ts';

const inputOf = (parameters: Record<string, string>) =>
  fenceInput(new Map(Object.entries(parameters)), 'off');

test('each parameter is a line, and the action is the last one', () => {
  assert.deepEqual(inputOf({ ip: '10.0.0.1', password: 'a=b "c"' }), {
    type: 'lines',
    text: 'ip=10.0.0.1\npassword=a=b "c"\naction=off\n',
  });
});

for (const [what, value] of [
  ['a line feed', 'x\naction=on'],
  ['a carriage return', 'x\raction=on'],
  ['a NUL', 'x\0action=on'],
  ['an escape', 'x\u001b[0m'],
] as const) {
  test(`a value with ${what} is refused, and not told`, () => {
    assert.deepEqual(inputOf({ password: value }), {
      type: 'wrong',
      why: 'parameter password: its value holds a line break or another control character',
    });
  });
}

test('a value that the program would cut is refused', () => {
  assert.equal(inputOf({ password: 'x ' }).type, 'wrong');
  assert.equal(inputOf({ password: '\u00a0x' }).type, 'wrong');
});

test('a name that is none, or that sets the action, is refused', () => {
  for (const name of ['', 'a=b', 'a\nb', '#ip', ' ip', 'action', 'option']) {
    assert.equal(inputOf({ [name]: 'on' }).type, 'wrong', JSON.stringify(name));
  }
});
