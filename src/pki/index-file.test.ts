// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { currentOf, formatTime, parseIndex } from './index-file.ts';

const INDEX = `V\t270101000000Z\t\t01\tunknown\t/OU=host/CN=oss1
R\t270101000000Z\t261120170109Z\t02\tunknown\t/OU=host/CN=oss2
V\t20560101000000Z\t\t03\tunknown\t/OU=manager/CN=oss1
V\t280101000000Z\t\t04\tunknown\t/OU=host/CN=oss1
V\t270101000000Z\t\t05\tunknown\t/CN=somebody else's

half a li`;

test('the register tells name, role, end and whether it is revoked; what is not ours is left out', () => {
  const [first, revoked, manager, ...more] = parseIndex(INDEX);
  const expiresAt = Date.UTC(2027, 0, 1);
  assert.deepEqual(first, { name: 'oss1', role: 'host', serial: '01', expiresAt, revoked: false });
  assert.equal(revoked?.revoked, true);
  assert.equal(manager?.role, 'manager');
  assert.equal(manager.expiresAt, Date.UTC(2056, 0, 1));
  assert.equal(more.length, 1);
});

test('in use is the last one of a name and role that is not revoked', () => {
  const serials = currentOf(parseIndex(INDEX)).map(({ serial }) => serial);
  assert.deepEqual(serials.toSorted(), ['03', '04']);
});

test('a time is written as openssl reads it', () => {
  assert.equal(formatTime(Date.UTC(2050, 11, 31, 23, 59, 58, 7)), '20501231235958Z');
});
