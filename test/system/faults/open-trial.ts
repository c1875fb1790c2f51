// SPDX-License-Identifier: Apache-2.0
/** What every test of a fault begins with: a cluster under trial, of the daemons as they are shipped. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TrialOptions } from '../../../src/trial/trial-cluster.ts';
import { WatchedTrial } from '../../../src/trial/watched-trial.ts';
import { needs } from '../../needs.ts';
import { LAB_NEEDS } from '../needs-of-the-lab.ts';

type Options = Omit<TrialOptions, 'directory' | 'aureole'>;

const MAIN = join(import.meta.dirname, '..', '..', '..', 'src', 'cli', 'main.ts');

export const SKIP = { skip: needs(LAB_NEEDS) };

/** All groups run. */
export async function openTrial(options: Options): Promise<WatchedTrial> {
  return await WatchedTrial.open(placed(options));
}

/** Of its manager there is only the configuration. */
export async function openTrialWithoutManager(options: Options): Promise<WatchedTrial> {
  return await WatchedTrial.openWithoutManager(placed(options));
}

function placed(options: Options): TrialOptions {
  const directory = mkdtempSync(join(tmpdir(), 'aureole-fault-'));
  return { directory, aureole: [process.execPath, MAIN], ...options };
}
