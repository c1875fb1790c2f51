// SPDX-License-Identifier: Apache-2.0
/** Where fence programs lie. Most systems keep them in /usr/sbin, which is not in every PATH. */
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';

const DAEMON_FOLDERS = ['/usr/local/sbin', '/usr/sbin', '/sbin'] as const;

/** Also the PATH of the fence programs themselves, for the tools that they call. */
export function searchPath(): string {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  return [...new Set([...folders, ...DAEMON_FOLDERS])].join(delimiter);
}

/** The program's path, or undefined. A name with a slash in it is a path already. */
export function findFenceProgram(agent: string): string | undefined {
  if (agent.includes('/')) return isExecutable(agent) ? resolve(agent) : undefined;
  return searchPath()
    .split(delimiter)
    .map((folder) => join(folder, agent))
    .find(isExecutable);
}

export function missingProgram(agent: string): string {
  return agent.includes('/')
    ? `${agent}: no such program, or not executable`
    : `${agent}: not found in ${searchPath()}; install it (Debian: package fence-agents)`;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
