// SPDX-License-Identifier: Apache-2.0
/** The version of what the agent knows, and whoever waits for the next one. */
import { randomInt } from 'node:crypto';

const START_MAX = 2 ** 47;

export class Changes {
  /** Starts anywhere: a cursor that was given by an earlier incarnation must not fit by chance. */
  #cursor = randomInt(1, START_MAX);
  #release: () => void = () => {};

  get cursor(): number {
    return this.#cursor;
  }

  raise(): void {
    this.#cursor += 1;
    this.#release();
  }

  /**
   * Resolves at a change, at the latest after `waitMs`, and when somebody else begins to wait: a
   * manager that asks again has given up its older poll.
   */
  async waitBeyond(cursor: number, waitMs: number): Promise<void> {
    this.#release();
    if (cursor !== this.#cursor) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, waitMs).unref();
      this.#release = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
