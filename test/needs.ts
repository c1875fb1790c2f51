// SPDX-License-Identifier: Apache-2.0
/**
 * Why a test cannot run on this machine. A missing component is a reason to skip on somebody's
 * laptop and a failure where everything was promised to be there (CI=true): nothing is skipped
 * there without being noticed.
 */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

export type Needs = {
  /** Looked for in PATH and where daemons lie. */
  readonly programs?: readonly string[];
  readonly files?: readonly string[];
  readonly root?: boolean;
};

/** The reason to skip, or false. Throws it if CI=true. */
export function needs(what: Needs, env: NodeJS.ProcessEnv = process.env): string | false {
  const missing = [
    ...(what.programs ?? []).filter((name) => !isInstalled(name, env)).map((name) => `no ${name}`),
    ...(what.files ?? []).filter((path) => !can(path, constants.F_OK)).map((path) => `no ${path}`),
    ...(what.root === true && process.getuid?.() !== 0 ? ['not root'] : []),
  ];
  if (missing.length === 0) return false;
  const reason = missing.join(', ');
  if (env['CI'] === 'true') throw new Error(`With CI=true nothing may be missing: ${reason}`);
  return reason;
}

function isInstalled(program: string, env: NodeJS.ProcessEnv): boolean {
  const folders = [
    ...(env['PATH'] ?? '').split(delimiter),
    '/usr/local/sbin',
    '/usr/sbin',
    '/sbin',
  ];
  return folders.some((folder) => folder !== '' && can(join(folder, program), constants.X_OK));
}

function can(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}
