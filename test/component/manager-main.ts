// SPDX-License-Identifier: Apache-2.0
/** The manager alone, as a program that a test can kill. */
import { AureoleError } from '../../src/kernel/error.ts';
import { exitCodeOfError } from '../../src/cli/exit.ts';
import { managerCommand } from '../../src/ha/commands/manager.ts';

try {
  await managerCommand().parseAsync();
} catch (error) {
  if (!(error instanceof AureoleError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = exitCodeOfError(error);
}
