// SPDX-License-Identifier: Apache-2.0
/** The recording fence program, with a program in the place of fence_ipmilan that shows what it got. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { writeShellScript } from '../shell.ts';

const FENCE = join(import.meta.dirname, 'fence_recorded');
const folder = mkdtempSync(join(tmpdir(), 'aureole-fence-recorded-'));
const log = join(folder, 'fence.log');
writeShellScript(join(folder, 'fence_ipmilan'), 'echo "args:$*"; cat; exit 2');
after(() => rmSync(folder, { recursive: true }));

function fence(args: readonly string[], input: string): { status: number | null; stdout: string } {
  const env = { ...process.env, PATH: `${folder}:/usr/bin:/bin` };
  return spawnSync(FENCE, args, { input, env, encoding: 'utf8', timeout: 10_000 });
}

test('the program gets all but what is for the record, and its exit and output come back', () => {
  const own = `record_log=${log}\nrecord_host=h1\n`;
  const { status, stdout } = fence([], `ip=10.0.0.1\npassword=a b\n${own}action=status\n`);
  assert.equal(status, 2);
  assert.equal(stdout, 'args:\nip=10.0.0.1\npassword=a b\naction=status\n');
});

test('begin and end are on record, without the password', () => {
  const [begin = '', end = '', rest] = readFileSync(log, 'utf8').split('\n');
  assert.match(begin, /^\d+\.\d{6} fence h1 status begin$/);
  assert.match(end, /^\d+\.\d{6} fence h1 status 2$/);
  assert.equal(rest, '');
});

test('what it can do is asked of the program itself', () => {
  assert.equal(fence(['-o', 'metadata'], '').stdout, 'args:-o metadata\n');
});
