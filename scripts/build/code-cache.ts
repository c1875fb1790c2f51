// SPDX-License-Identifier: Apache-2.0
/**
 * The code of a bundle as V8 keeps it, made on the Node that runs it. Half of the time that
 * `aureole status` would take is spent on compiling; this is what saves it.
 */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Bundle } from './bundle.ts';
import { NODE_PACKAGE, PACKAGING } from './places.ts';

const START = join(PACKAGING, 'aureole-common', 'usr', 'lib', 'aureole', 'start.cjs');
const NOWHERE = '--socket /nonexistent/aureole.sock';

/** What an administrator types, and waits for. */
const WORDS: Readonly<Record<Bundle['name'], readonly string[]>> = {
  aureole: ['--help', `status ${NOWHERE}`, `events ${NOWHERE}`, `fence x --reason x ${NOWHERE}`],
  'aureole-agent': ['--help'],
};

const LAUNCHERS: Readonly<Record<Bundle['name'], string>> = {
  aureole: join(PACKAGING, 'aureole', 'usr', 'bin', 'aureole'),
  'aureole-agent': join(PACKAGING, 'aureole-agent', 'usr', 'sbin', 'aureole-agent'),
};

/** V8 takes no cache that was made with other flags. */
export function nodeFlagsOf(name: Bundle['name']): readonly string[] {
  const text = readFileSync(LAUNCHERS[name], 'utf8');
  const [, flags = ''] = /\/bin\/node((?:\s+\\?\s*--[\w=-]+)*)/.exec(text) ?? [];
  return flags.split(/[\s\\]+/).filter((flag) => flag !== '');
}

/**
 * The same bundle gives the same bytes: V8 draws no random numbers if it is to be predictable, and the
 * name of the folder is not in it if all is named as seen from there.
 */
export async function addCodeCache({ name, file }: Bundle): Promise<void> {
  const warmUp = join(import.meta.dirname, 'warm-up.cjs');
  const bundle = basename(file);
  const words = [START, bundle, `${bundle}.cache`, ...WORDS[name]];
  await promisify(execFile)(
    join(NODE_PACKAGE, 'bin', 'node'),
    ['--predictable', ...nodeFlagsOf(name), warmUp, ...words],
    { cwd: dirname(file), env: {}, timeout: 60_000 },
  );
}
