// SPDX-License-Identifier: Apache-2.0
/**
 * What HALO's test harness expects of an agent, so that its tests and its scripts run against ours: an
 * identity for the scripts to name their files by, and a file with our process id, by which its fence
 * program finds whom to kill.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../../kernel/error.ts';
import { AgentError } from '../errors.ts';

export type TestIdentity = Disposable & {
  /** For every script. */
  readonly environment: Readonly<Record<string, string>>;
};

/** Of the environment, handed on as it is. */
const HANDED_ON = ['HALO_TEST_DIRECTORY', 'HALO_TEST_LOG'];

/** Without an id the process id is one, as it is with HALO's own agent. */
export function openTestIdentity(id: string | undefined, env: NodeJS.ProcessEnv): TestIdentity {
  const handedOn = HANDED_ON.flatMap((name) => {
    const value = env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  const ownId = id ?? String(process.pid);
  const environment = { ...Object.fromEntries(handedOn), HALO_TEST_ID: ownId };
  const directory = env['HALO_TEST_DIRECTORY'];
  const file =
    id === undefined || directory === undefined ? undefined : writePid(directory, checked(id));
  return { environment, [Symbol.dispose]: () => (file === undefined ? undefined : forget(file)) };
}

/** It becomes part of a path. */
function checked(id: string): string {
  if (/^\w[\w.-]{0,127}$/.test(id)) return id;
  throw new AgentError(
    `--test-id ${JSON.stringify(id)}: write letters, digits, _, . and - only`,
    { code: 'usage' },
    { effect: 'none' },
  );
}

function writePid(directory: string, id: string): string {
  const file = join(directory, `${id}.pid`);
  try {
    writeFileSync(file, `${process.pid}\n`);
    return file;
  } catch (cause) {
    throw new AgentError(
      `${file} cannot be written: ${messageOf(cause)}. Correct HALO_TEST_DIRECTORY, or leave out --test-id.`,
      { code: 'agent-run-directory-unusable' },
      { effect: 'none', cause },
    );
  }
}

/** Unless another agent has taken it over. */
function forget(file: string): void {
  try {
    if (readFileSync(file, 'utf8').trim() === String(process.pid)) rmSync(file);
  } catch {
    // Whoever fenced us took it away.
  }
}
