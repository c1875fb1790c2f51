// SPDX-License-Identifier: Apache-2.0
/** The one program for daemons and administrators. */
import { buildProgram } from './program.ts';
import { runProgram } from './run-program.ts';

void runProgram(buildProgram);
