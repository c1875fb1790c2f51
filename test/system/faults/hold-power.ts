// SPDX-License-Identifier: Apache-2.0
/** A power switch that is slow: as long as somebody else holds its lock, it does nothing and says nothing. */
import { join } from 'node:path';
import { startDetached } from '../../../src/lab/detached.ts';
import type { LabHost } from '../../../src/lab/host.ts';

export async function holdPower({ directory }: LabHost, seconds: number): Promise<void> {
  const holder = ['flock', join(directory, 'power.lock'), 'sleep', `${seconds}`];
  await startDetached(holder, join(directory, 'holder.log'));
}
