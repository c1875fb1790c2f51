// SPDX-License-Identifier: Apache-2.0
/**
 * Finds the processes that a test file started and did not end. They carry its mark in their
 * environment, whoever their parent is by now and whatever namespace they live in.
 */
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

export const MARK = 'AUREOLE_TEST_FILE';

const GRACE_MS = 2_000;
const LOOK_AGAIN_MS = 50;

/** Ends what is still there after a moment of grace, and answers with what that was. */
export async function endLeftovers(mark: string): Promise<readonly string[]> {
  const deadline = performance.now() + GRACE_MS;
  let pids = await marked(mark);
  while (pids.length > 0 && performance.now() < deadline) {
    await sleep(LOOK_AGAIN_MS);
    pids = await marked(mark);
  }
  const names = await Promise.all(pids.map(describe));
  pids.forEach(end);
  return names;
}

async function marked(mark: string): Promise<readonly number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(
    pids.map(async (pid) => (await read(pid, 'environ')).split('\0').includes(`${MARK}=${mark}`)),
  );
  return pids.filter((pid, index) => found[index] === true && pid !== process.pid);
}

async function describe(pid: number): Promise<string> {
  const line = (await read(pid, 'cmdline')).replaceAll('\0', ' ').trim();
  return `process ${pid} (${line.slice(0, 200)})`;
}

/** Empty for a process that has ended meanwhile, or belongs to somebody else. */
async function read(pid: number, name: string): Promise<string> {
  return readFile(`/proc/${pid}/${name}`, 'utf8').catch(() => '');
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has just ended by itself.
  }
}
