// SPDX-License-Identifier: Apache-2.0
/** The one time that all built files carry, so that the same sources give the same packages. */
import { ROOT } from './places.ts';
import { runTool } from './run-tool.ts';

/** SOURCE_DATE_EPOCH, else the time of the last commit. */
export async function sourceDateEpoch(env: NodeJS.ProcessEnv = process.env): Promise<number> {
  const given = env['SOURCE_DATE_EPOCH'] ?? (await timeOfCommit());
  if (/^\d{1,12}$/.test(given)) return Number(given);
  throw new Error(`SOURCE_DATE_EPOCH is "${given}": write seconds since 1970`);
}

async function timeOfCommit(): Promise<string> {
  try {
    return (await runTool('git', ['-C', ROOT, 'log', '-1', '--format=%ct'])).trim();
  } catch (cause) {
    throw new Error('There is no commit to take the time from: set SOURCE_DATE_EPOCH', { cause });
  }
}
