// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { claimOf, identityOf, isSameClaim, nameOfNameless } from './claim.ts';

test('the same script with the same parameters is the same, in whatever order they come', () => {
  const ab = identityOf('heartbeat/ZFS', { a: '1', b: '2' });
  assert.equal(ab, identityOf('heartbeat/ZFS', { b: '2', a: '1' }));
  const others = [
    identityOf('heartbeat/ZFS', { a: '1' }),
    identityOf('heartbeat/ZFS', { a: '12', b: '' }),
    identityOf('heartbeat/zfs', { a: '1', b: '2' }),
    identityOf('heartbeat/ZFS', { ['a","1"],["b']: '2' }),
  ];
  assert.equal(new Set([ab, ...others]).size, 5);
});

test('claims are the same by name or by what the name stands for', () => {
  const claim = claimOf({ name: 'tank', kind: 'heartbeat/ZFS', parameters: { pool: 'tank' } });
  assert.ok(isSameClaim(claim, { name: 'tank', identity: 'another' }));
  assert.ok(isSameClaim(claim, { name: 'another', identity: claim.identity }));
  assert.ok(!isSameClaim(claim, { name: 'another', identity: 'another' }));
});

test('two resources without parameters are two, whatever their script', () => {
  const [one, two] = ['disk', 'ip'].map((name) =>
    claimOf({ name, kind: 'heartbeat/Dummy', parameters: {} }),
  );
  assert.ok(one !== undefined && two !== undefined && !isSameClaim(one, two));
});

test('without a name and without parameters it may be any resource of the script that has none either', () => {
  const kind = 'site/controller';
  const ofHalo = claimOf({ name: nameOfNameless(kind, {}), kind, parameters: {} });
  const others = [
    claimOf({ name: 'a', kind, parameters: {} }),
    claimOf({ name: 'a', kind, parameters: { port: '1' } }),
    claimOf({ name: 'a', kind: 'site/other', parameters: {} }),
  ];
  assert.deepEqual(
    others.map((claim) => [isSameClaim(ofHalo, claim), isSameClaim(claim, ofHalo)]),
    [
      [true, true],
      [false, false],
      [false, false],
    ],
  );
});
