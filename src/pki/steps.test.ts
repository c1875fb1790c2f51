// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stepsAfterIssue } from './steps.ts';

test('certificates go to other machines by the network, and to this one by a copy', () => {
  const issued = [
    { name: 'oss1', role: 'host' },
    { name: 'oss2', role: 'host' },
    { name: 'mgmt1', role: 'manager' },
  ] as const;
  assert.deepEqual(stepsAfterIssue('/ca', issued, 'mgmt1').split('\n').slice(1, -1), [
    "  clush -w 'oss[1-2]' mkdir -p -m 700 /etc/aureole/pki",
    '  for h in oss1 oss2; do scp -pr /ca/hosts/$h/. $h:/etc/aureole/pki/; done',
    '  mkdir -p -m 700 /etc/aureole/pki',
    '  cp -pR /ca/managers/mgmt1/. /etc/aureole/pki/',
  ]);
});
