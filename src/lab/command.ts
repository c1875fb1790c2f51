// SPDX-License-Identifier: Apache-2.0
/** Runs one of the system's commands to its end. A failure is an error with the command's own words. */
import { AureoleError } from '../kernel/error.ts';
import { runProgram } from '../runtime/process.ts';

export type CommandOptions = { readonly stdin?: string; readonly timeoutMs?: number };

const TIMEOUT_MS = 10_000;
const KILL_GRACE_MS = 500;
const OUTPUT_BYTES_MAX = 65_536;
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** What it printed on standard output. */
export async function runCommand(
  file: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<string> {
  const { end, stdout, stderr } = await runProgram({
    file,
    args,
    env: { PATH, LC_ALL: 'C' },
    ...(options.stdin === undefined ? {} : { stdin: options.stdin }),
    timeoutMs: options.timeoutMs ?? TIMEOUT_MS,
    killGraceMs: KILL_GRACE_MS,
    outputBytesMax: OUTPUT_BYTES_MAX,
  });
  if (end.type === 'exited' && end.code === 0) return stdout;
  const how = end.type === 'exited' ? `ended with ${end.code}` : end.type;
  const words = (end.type === 'not-run' ? end.text : stderr || stdout).trim().slice(-1_000);
  throw new AureoleError(
    `${[file, ...args].join(' ')}: ${how}: ${words}`,
    { code: 'lab-command-failed' },
    { effect: end.type === 'not-run' ? 'none' : 'unknown' },
  );
}
