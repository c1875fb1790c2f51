// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseNames, requireName } from './names.ts';

test('nodesets of hosts and addresses are names', () => {
  assert.deepEqual(parseNames('oss[1-2],mds1'), ['mds1', 'oss1', 'oss2']);
  assert.deepEqual(parseNames('10.0.0.3'), ['10.0.0.3']);
  assert.equal(requireName('oss1.example.org'), 'oss1.example.org');
});

test('what could become a path, an argument or a part of a subject is none', () => {
  const wrong = ['../x', '/etc/x', '-x', 'a/CN=b', 'a"b', 'a\u001B[31m', '.', '..', 'a..b', ''];
  for (const name of [...wrong, 'a\n', 'a\0', 'x'.repeat(65)]) {
    assert.throws(() => requireName(name), /no host's name|longer than/, name);
  }
  for (const name of wrong) assert.throws(() => parseNames(name), name);
});
