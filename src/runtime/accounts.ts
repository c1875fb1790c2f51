// SPDX-License-Identifier: Apache-2.0
/**
 * Names of users and groups. They may come from a directory on the network, which may hang: so
 * a program asks, with a deadline, and the daemon goes on meanwhile.
 */
import { runProgram } from './process.ts';

const DEADLINE_MS = 2_000;
const KILL_GRACE_MS = 100;
const ANSWER_BYTES_MAX = 65_536;

/** `uid 1000` where it has no name, or none that is known in time. */
export async function loginOf(uid: number): Promise<string> {
  const login = (await entryOf('passwd', String(uid)))?.[0];
  return login === undefined || login === '' ? `uid ${uid}` : login.slice(0, 64);
}

/** `unasked`: nobody could be asked in time. */
export async function groupIdOf(name: string): Promise<number | 'none' | 'unasked'> {
  const entry = await entryOf('group', name);
  if (entry === undefined) return 'unasked';
  return /^\d+$/.test(entry[2] ?? '') ? Number(entry[2]) : 'none';
}

const FOUND = 0;
const NOT_FOUND = 2;

/** Its fields; none: there is no such entry. */
async function entryOf(
  database: 'passwd' | 'group',
  key: string,
): Promise<readonly string[] | undefined> {
  const { end, stdout } = await runProgram({
    file: 'getent',
    args: ['--', database, key],
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' },
    timeoutMs: DEADLINE_MS,
    killGraceMs: KILL_GRACE_MS,
    outputBytesMax: ANSWER_BYTES_MAX,
  });
  if (end.type !== 'exited') return undefined;
  if (end.code === NOT_FOUND) return [];
  return end.code === FOUND ? stdout.split('\n')[0]?.split(':') : undefined;
}
