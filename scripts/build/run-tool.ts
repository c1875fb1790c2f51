// SPDX-License-Identifier: Apache-2.0
/** A program that the build needs, with its complaint when it fails. */
import { execFile } from 'node:child_process';

const TIMEOUT_MS = 5 * 60_000;

export function runTool(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const options = { env: { ...process.env, ...env }, timeout: TIMEOUT_MS, maxBuffer: 16 << 20 };
  return new Promise((resolve, reject) => {
    execFile(program, [...args], options, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else if (error.code === 'ENOENT') reject(new Error(`${program} is not installed`));
      else reject(new Error(`${program} ${args.join(' ')}: ${error.message}\n${stdout}${stderr}`));
    });
  });
}
