// SPDX-License-Identifier: Apache-2.0
/**
 * Stops all processes of a host at once and lets them go on. A freezer cgroup does it where one can
 * be made (version 1 or 2); else each process is stopped by a signal, which is not quite at once.
 */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { AureoleError } from '../kernel/error.ts';
import { runCommand } from './command.ts';

const PARENTS = ['/sys/fs/cgroup/freezer', '/sys/fs/cgroup', '/sys/fs/cgroup/unified'];
const FREEZE_DEADLINE_MS = 5_000;

/** The new cgroup's path, or undefined where none can be made. */
export function makeFreezer(name: string): string | undefined {
  for (const parent of PARENTS) {
    const cgroup = join(parent, name);
    try {
      mkdirSync(cgroup);
    } catch {
      continue;
    }
    if (existsSync(join(cgroup, 'freezer.state'))) return cgroup;
    if (existsSync(join(cgroup, 'cgroup.freeze'))) return cgroup;
    rmdirSync(cgroup);
  }
  return undefined;
}

/** A cgroup can be removed once those in it are, and the kernel has let go of its last process. */
export async function removeFreezer(cgroup: string): Promise<void> {
  for (const inner of existsSync(cgroup) ? readdirSync(cgroup, { withFileTypes: true }) : []) {
    if (inner.isDirectory()) await removeFreezer(join(cgroup, inner.name));
  }
  const deadline = performance.now() + FREEZE_DEADLINE_MS;
  while (existsSync(cgroup)) {
    try {
      rmdirSync(cgroup);
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await delay(10);
    }
  }
}

export async function freeze(cgroup: string | undefined, init: number): Promise<void> {
  if (cgroup === undefined) return await signalAll(init, 'STOP');
  const version1 = isVersion1(cgroup);
  if (version1) writeFileSync(join(cgroup, 'freezer.state'), 'FROZEN');
  else writeFileSync(join(cgroup, 'cgroup.freeze'), '1');
  const [file, frozen] = version1 ? ['freezer.state', /^FROZEN/] : ['cgroup.events', /^frozen 1$/m];
  const deadline = performance.now() + FREEZE_DEADLINE_MS;
  while (!frozen.test(readFileSync(join(cgroup, file), 'utf8'))) {
    if (performance.now() > deadline) {
      throw new AureoleError(
        `${cgroup} did not freeze within ${FREEZE_DEADLINE_MS} ms`,
        { code: 'lab-not-frozen' },
        { effect: 'unknown' },
      );
    }
    await delay(5);
  }
}

export async function thaw(cgroup: string | undefined, init: number): Promise<void> {
  if (cgroup === undefined) return await signalAll(init, 'CONT');
  if (isVersion1(cgroup)) writeFileSync(join(cgroup, 'freezer.state'), 'THAWED');
  else writeFileSync(join(cgroup, 'cgroup.freeze'), '0');
}

/** From inside of a pid namespace, -1 means every process of it but init and the sender. */
async function signalAll(init: number, signal: 'STOP' | 'CONT'): Promise<void> {
  const all = ['--target', `${init}`, '--pid', 'sh', '-c', `kill -${signal} -1`];
  await runCommand('nsenter', all);
  process.kill(init, `SIG${signal}`);
}

function isVersion1(cgroup: string): boolean {
  return existsSync(join(cgroup, 'freezer.state'));
}
