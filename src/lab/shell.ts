// SPDX-License-Identifier: Apache-2.0
/** Scripts that the lab writes: words of any content become one command of a POSIX shell. */
import { chmodSync, writeFileSync } from 'node:fs';

export function shellCommand(words: readonly string[]): string {
  return words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
}

export function writeShellScript(path: string, command: string): void {
  writeFileSync(path, `#!/bin/sh\n${command}\n`);
  chmodSync(path, 0o755);
}
