// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { AureoleError } from '../kernel/error.ts';
import { settings } from './settings.ts';

const folder = mkdtempSync(join(tmpdir(), 'aureole-settings-'));
after(() => rmSync(folder, { recursive: true }));

type Case = { env?: NodeJS.ProcessEnv; file?: string; debian?: string; halo?: string };

function finder({ env = {}, ...texts }: Case): ReturnType<typeof settings> {
  const path = (name: 'file' | 'debian' | 'halo'): string => {
    const place = join(folder, name);
    rmSync(place, { force: true });
    const text = texts[name];
    if (text !== undefined) writeFileSync(place, text);
    return place;
  };
  return settings({ env, files: [path('file'), path('debian')], haloFile: path('halo') });
}

const find = (given: Case): string | undefined => {
  const setting = finder(given)('AUREOLE_SOCKET', 'HALO_SOCKET');
  return setting && `${setting.value} from ${setting.from.replace(folder, 'FOLDER')}`;
};

test("Aureole's names go before HALO's, and the environment before the file", () => {
  const env = { AUREOLE_SOCKET: '/1', HALO_SOCKET: '/3' };
  const file = '# ours\nAUREOLE_SOCKET=/2\n';
  const halo = 'HALO_SOCKET=/4\nAUREOLE_SOCKET=/5\n';
  assert.equal(find({ env, file, halo }), '/1 from AUREOLE_SOCKET in the environment');
  const { HALO_SOCKET } = env;
  assert.equal(
    find({ env: { HALO_SOCKET }, file, halo }),
    '/2 from AUREOLE_SOCKET in FOLDER/file:2',
  );
  assert.equal(find({ env: { HALO_SOCKET }, halo }), '/3 from HALO_SOCKET in the environment');
  assert.equal(find({ halo }), '/4 from HALO_SOCKET in FOLDER/halo:1');
  assert.equal(find({}), undefined);
});

test("Debian's file is read too, and goes before the other, as in the units", () => {
  const debian = 'AUREOLE_SOCKET=/d\n';
  assert.equal(find({ debian }), '/d from AUREOLE_SOCKET in FOLDER/debian:1');
  assert.equal(find({ file: 'AUREOLE_SOCKET=/2\n', debian })?.slice(0, 2), '/d');
  assert.equal(find({ file: 'AUREOLE_SOCKET=/2\n', debian: '\n' })?.slice(0, 2), '/2');
});

test('an empty value says nothing', () => {
  const file = 'AUREOLE_SOCKET=\n';
  assert.equal(find({ env: { AUREOLE_SOCKET: '' }, file, halo: 'HALO_SOCKET=/4' })?.[1], '4');
});

test('broken lines are told with their place, all at once, and only to who needs the file', () => {
  const broken = finder({ env: { AUREOLE_PORT: '1' }, file: 'A=1\nexport B=2\nC\n' });
  assert.equal(broken('AUREOLE_PORT')?.value, '1');
  assert.throws(
    () => broken('AUREOLE_SOCKET'),
    (error) => {
      assert.ok(error instanceof AureoleError);
      assert.equal(
        error.message.replaceAll(folder, 'FOLDER'),
        `FOLDER/file:2: export has no meaning here: remove the word
FOLDER/file:3: is no KEY=VALUE: add the value, or # in front`,
      );
      return true;
    },
  );
});

test('a file for other eyes says nothing', () => {
  const hidden = finder({ file: 'AUREOLE_SOCKET=/2\n' });
  chmodSync(join(folder, 'file'), 0o000);
  const isRoot = process.getuid?.() === 0;
  if (isRoot) process.seteuid?.(65_534);
  try {
    assert.equal(hidden('AUREOLE_SOCKET'), undefined);
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
});
