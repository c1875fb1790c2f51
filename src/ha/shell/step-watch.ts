// SPDX-License-Identifier: Apache-2.0
/** Waits for what a later step of the core brings: looked for after each one, until it is there. */

export class StepWatch {
  readonly #looks = new Set<() => void>();

  /** To be called after each step. */
  taken(): void {
    for (const look of this.#looks) look();
  }

  /** What `find` finds, at once or later; undefined: the signal came first. */
  until<T>(find: () => T | undefined, signal: AbortSignal): Promise<T | undefined> {
    return new Promise((resolve) => {
      const look = (): void => {
        const found = find();
        if (found === undefined && !signal.aborted) return;
        this.#looks.delete(look);
        signal.removeEventListener('abort', look);
        resolve(found);
      };
      this.#looks.add(look);
      signal.addEventListener('abort', look);
      look();
    });
  }
}
