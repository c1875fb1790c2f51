// SPDX-License-Identifier: Apache-2.0
/** What must hold before each commit: types, lint, format, dead code, the tidy rules, the fast tests. */
import { runSuites } from './testing/run-suites.ts';

const DEADLINE_MS = 3 * 60_000;

process.exitCode = (await runSuites(['tidy', 'unit', 'scenario'], DEADLINE_MS)) ? 0 : 1;
