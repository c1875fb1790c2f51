// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseListen } from './agent.ts';

test('--listen takes an address, with a port or without, IPv6 in brackets', () => {
  assert.deepEqual(parseListen('10.0.0.1:9000'), { address: '10.0.0.1', port: 9_000 });
  assert.deepEqual(parseListen('10.0.0.1'), { address: '10.0.0.1', port: 8_000 });
  assert.deepEqual(parseListen('[::1]:80'), { address: '::1', port: 80 });
  for (const text of ['', ':80', '::1', '10.0.0.1:99999', '10.0.0.1:', '10.0.0.1:x']) {
    assert.throws(() => parseListen(text), /ADDRESS:PORT/, text);
  }
});
