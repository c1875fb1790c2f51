// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expiryWarning } from './tls-expiry.ts';

const DAY_MS = 86_400_000;

test('the end of a certificate is told from thirty days before, with the remedy', () => {
  const told = (ms: number): string | undefined => expiryWarning('oss1', ms, 0);
  assert.equal(told(31 * DAY_MS), undefined);
  assert.equal(told(30 * DAY_MS), 'certificate of oss1 ends in 30 days: aureole pki renew oss1');
  assert.match(told(DAY_MS) ?? '', /ends in 1 day:/);
  assert.match(told(0) ?? '', /ends in 0 days/);
  assert.match(told(-1) ?? '', /has ended/);
});
