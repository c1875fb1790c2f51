// SPDX-License-Identifier: Apache-2.0
/** The process's edge: the only place that turns an error into words and an exit code. */
import { CommanderError, type Command as Program } from 'commander';
import { AureoleError } from '../kernel/error.ts';
import { EXIT, exitCodeOfError } from './exit.ts';

/** Runs the program on the words of the command line. Never rejects. */
export async function runProgram(
  build: (args: readonly string[]) => Program | Promise<Program>,
): Promise<void> {
  endWithReader(process.stdout);
  endWithReader(process.stderr);
  const args = helpAsFlag(process.argv.slice(2));
  try {
    const program = await build(args);
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    process.exitCode = report(error);
  }
}

/** `help power on` asks what `power on --help` does; commander's own help looks at one word only. */
function helpAsFlag(args: readonly string[]): readonly string[] {
  const [verb, ...words] = args;
  return verb === 'help' && words.length > 0 ? [...words, '--help'] : args;
}

/** Mistakes in the words are thrown, and are said in one line. */
export function settle(program: Program): Program {
  return program.exitOverride().configureOutput({
    outputError: (text, write) => write(`${text.trim().replaceAll(/\s*\n\s*/g, ' ')}\n`),
  });
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

/** `aureole events | head`: the reader has what it wanted. Anything else is said in one line. */
function endWithReader(stream: NodeJS.WriteStream): void {
  stream.on('error', (error) => {
    if ('code' in error && error.code === 'EPIPE') process.exit(EXIT.done);
    // As when the output goes to a file and the disk is full.
    if (stream !== process.stderr) {
      process.stderr.write(`the output could not be written: ${error.message}\n`);
    }
    process.exit(EXIT.failed);
  });
}
