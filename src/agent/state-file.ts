// SPDX-License-Identifier: Apache-2.0
/**
 * Small JSON files in the run directory: there whole or not at all, whenever the agent is killed.
 * No fsync: the run directory is memory, and what a power cut wipes is meant to be wiped.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { z } from 'zod';
import { messageOf } from '../kernel/error.ts';
import { AgentError } from './errors.ts';

export function writeState(path: string, value: unknown): void {
  const draft = `${path}.new`;
  writeFileSync(draft, `${JSON.stringify(value)}\n`, { mode: 0o600 });
  renameSync(draft, path);
}

/** Undefined if there is no such file. A damaged one is an error: to guess here could start a service twice. */
export function readState<T>(path: string, schema: z.ZodType<T>): T | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    if (isForbidden(error)) throw error;
    throw damaged(path, error);
  }
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    throw damaged(path, error);
  }
}

export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

export function isForbidden(error: unknown): boolean {
  return (
    error instanceof Error && 'code' in error && (error.code === 'EACCES' || error.code === 'EPERM')
  );
}

function damaged(path: string, cause: unknown): AgentError {
  return new AgentError(
    `${path} cannot be read as what the agent wrote (${messageOf(cause)}). Reboot the host, or stop ` +
      'all of its resources and remove the run directory.',
    { code: 'agent-state-damaged' },
    { effect: 'none', cause },
  );
}
