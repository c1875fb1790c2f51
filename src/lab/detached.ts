// SPDX-License-Identifier: Apache-2.0
/** Starts a program that goes on without us, in a session of its own, its output in a file. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { AureoleError } from '../kernel/error.ts';

/** Its pid. */
export async function startDetached(words: readonly string[], log: string): Promise<number> {
  const [file = '', ...args] = words;
  const output = openSync(log, 'a');
  try {
    const child = spawn(file, args, { detached: true, stdio: ['ignore', output, output] });
    await once(child, 'spawn');
    child.unref();
    if (child.pid !== undefined) return child.pid;
  } finally {
    closeSync(output);
  }
  throw new AureoleError(`${file} has no pid`, { code: 'lab-not-started' }, { effect: 'unknown' });
}
