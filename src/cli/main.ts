// SPDX-License-Identifier: Apache-2.0
/** The process's edge: one program for daemons and administrators, and the only place that turns an error into words and an exit code. */
import { CommanderError } from 'commander';
import { AureoleError } from '../kernel/error.ts';
import { EXIT, exitCodeOfError } from './exit.ts';
import { buildProgram } from './program.ts';

endWithReader(process.stdout);
endWithReader(process.stderr);
const args = process.argv.slice(2);
try {
  const program = await buildProgram(args);
  await program.parseAsync(args, { from: 'user' });
} catch (error) {
  process.exitCode = report(error);
}

function report(error: unknown): number {
  // Commander has said already what is wrong, or has shown what was asked for.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
  if (error instanceof AureoleError) process.stderr.write(`${error.message}\n`);
  else
    process.stderr.write(
      `aureole: a bug: ${error instanceof Error ? error.stack : String(error)}\n`,
    );
  return exitCodeOfError(error);
}

/** `aureole events | head`: the reader has what it wanted. */
function endWithReader(stream: NodeJS.WriteStream): void {
  stream.on('error', (error) => {
    if ('code' in error && error.code === 'EPIPE') process.exit(0);
    throw error;
  });
}
