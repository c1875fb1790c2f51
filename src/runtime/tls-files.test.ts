// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { FindSetting } from './settings.ts';
import { findIdentityFiles } from './tls-files.ts';

const nothing: FindSetting = () => undefined;

function folderWith(t: TestContext, ...files: string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'aureole-tls-'));
  t.after(() => rmSync(folder, { recursive: true }));
  for (const file of files) writeFileSync(join(folder, file), '');
  return folder;
}

test('nothing named and nothing in the usual place: no identity', (t) => {
  assert.equal(
    findIdentityFiles('agent', {}, nothing, folderWith(t, 'ca.crt', 'crl.pem')),
    undefined,
  );
  assert.equal(findIdentityFiles('agent', {}, nothing, folderWith(t, 'manager.crt')), undefined);
});

test('the usual place is taken as soon as a part of an identity lies there', (t) => {
  for (const part of ['host.crt', 'host.key']) {
    const folder = folderWith(t, part);
    const at = (file: string): string => join(folder, file);
    const files = { cert: at('host.crt'), key: at('host.key'), ca: at('ca.crt') };
    assert.deepEqual(findIdentityFiles('agent', {}, nothing, folder), files);
    writeFileSync(at('crl.pem'), '');
    const all = { ...files, crl: at('crl.pem') };
    assert.deepEqual(findIdentityFiles('agent', {}, nothing, folder), all);
  }
});

test("flags go before Aureole's settings, these before HALO's, which are of the role", () => {
  const known = new Map([
    ['HALO_SERVER_CERT', 'halo-server.crt'],
    ['HALO_CLIENT_CERT', 'halo-client.crt'],
    ['HALO_CA_CERT', 'halo-ca.crt'],
    ['AUREOLE_KEY', 'aureole.key'],
  ]);
  const find: FindSetting = (name, haloName = '') => {
    const found = known.has(name) ? name : haloName;
    const value = known.get(found);
    return value === undefined ? undefined : { name: found, value, from: 'a test' };
  };
  const agent = findIdentityFiles('agent', { ca: 'flag.crt' }, find, '/nowhere');
  assert.deepEqual(agent, { cert: 'halo-server.crt', key: 'aureole.key', ca: 'flag.crt' });
  const manager = findIdentityFiles('manager', {}, find, '/nowhere');
  assert.deepEqual(manager, { cert: 'halo-client.crt', key: 'aureole.key', ca: 'halo-ca.crt' });
});
