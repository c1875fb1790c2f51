// SPDX-License-Identifier: Apache-2.0
/** Where the demo of a user lies. There is one at a time: whoever comes second is told so. */
import { lstatSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AureoleError } from '../kernel/error.ts';
import { findNotedProcess, writeProcessFile } from '../lab/process-file.ts';

/** Where the command line looks for the manager's socket, too. */
export function demoDirectory(): string {
  const uid = process.getuid?.() ?? 0;
  return uid === 0 ? '/run/aureole-demo' : join(tmpdir(), `aureole-demo-${uid}`);
}

export function controlSocket(directory: string): string {
  return join(directory, 'control.sock');
}

/** Refuses if a demo runs there, or if the directory is somebody else's. */
export function checkDirectory(directory: string): void {
  const found = lstatSync(directory, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isDirectory() || found.uid !== process.getuid?.()) {
    throw new AureoleError(
      `${directory} is not a directory of yours: remove it, or set TMPDIR to another place`,
      { code: 'demo-directory-foreign' },
      { effect: 'none' },
    );
  }
  const running = findNotedProcess(processFile(directory));
  if (running === undefined) return;
  throw new AureoleError(
    `A demo is running already (process ${running.pid}). End it with Ctrl-C, or: kill ${running.pid}`,
    { code: 'demo-running' },
    { effect: 'none' },
  );
}

export function noteOurselves(directory: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o755 });
  writeProcessFile(processFile(directory), process.pid);
}

function processFile(directory: string): string {
  return join(directory, 'demo.pid');
}
