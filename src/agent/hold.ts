// SPDX-License-Identifier: Apache-2.0
/**
 * Whether a manager of ours manages this host, and not only watches: then nobody else may start or stop
 * anything here. Kept over restarts of the agent, since the manager tells it once for each of them.
 */
import { z } from 'zod';
import { readState, writeState } from './state-file.ts';

const HoldFile = z.strictObject({ isHeld: z.boolean() });

export class Hold {
  readonly #file: string;
  #isHeld: boolean;

  constructor(file: string) {
    this.#file = file;
    this.#isHeld = readState(file, HoldFile)?.isHeld ?? false;
  }

  get isHeld(): boolean {
    return this.#isHeld;
  }

  /** On file before the manager hears that it was taken in. */
  set(isHeld: boolean): void {
    if (isHeld === this.#isHeld) return;
    writeState(this.#file, { isHeld });
    this.#isHeld = isHeld;
  }
}
