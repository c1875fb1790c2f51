// SPDX-License-Identifier: Apache-2.0
/** All tests, or the suites that are named. Offers to install the real components that they try. */
import { ensurePackages } from '../src/lab/packages.ts';
import { runSuites } from './testing/run-suites.ts';
import { SUITE_NAMES } from './testing/suites.ts';

const DEADLINE_MS = 40 * 60_000;
const WITH_COMPONENTS = new Set(['component', 'system']);

const named = process.argv.slice(2);
const unknown = named.filter((name) => !SUITE_NAMES.includes(name));
if (unknown.length > 0) {
  console.error(`No such suite: ${unknown.join(', ')}. There are: ${SUITE_NAMES.join(', ')}.`);
  process.exit(2);
}
const wanted = named.length > 0 ? named : SUITE_NAMES;
if (wanted.some((name) => WITH_COMPONENTS.has(name))) await ensurePackages('test');
process.exitCode = (await runSuites(wanted, DEADLINE_MS)) ? 0 : 1;
