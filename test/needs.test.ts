// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { needs } from './needs.ts';

const laptop = { PATH: '/usr/bin:/bin' };
const ci = { ...laptop, CI: 'true' };

test('what is there is no reason to skip', () => {
  assert.equal(needs({ programs: ['sh'], files: ['/etc/passwd'] }, ci), false);
});

test('each missing thing is named in the reason', () => {
  assert.equal(
    needs({ programs: ['sh', 'no-such-program'], files: ['/no/such/file'] }, laptop),
    'no no-such-program, no /no/such/file',
  );
});

test('with CI=true a missing thing fails instead of skipping', () => {
  assert.throws(() => needs({ programs: ['no-such-program'] }, ci), /no no-such-program/);
});

test('an empty PATH does not find programs in the working directory', () => {
  assert.equal(needs({ programs: ['package.json'] }, { PATH: '' }), 'no package.json');
});
