// SPDX-License-Identifier: Apache-2.0
/**
 * Whom this agent obeys: the highest epoch that it has heard of, kept over its own restarts. A
 * manager that has been replaced, and a manager with another journal, are refused.
 */
import { Epoch } from './contract.ts';
import { RefusedError } from './errors.ts';
import { readState, writeState } from './state-file.ts';

export class EpochGuard {
  readonly #file: string;
  #epoch: Epoch | undefined;
  #mayTakeOver: boolean;

  /** With `takeOver` the first other journal that comes is obeyed from then on. */
  constructor(file: string, takeOver: boolean) {
    this.#file = file;
    this.#epoch = readState(file, Epoch);
    this.#mayTakeOver = takeOver;
  }

  get epoch(): Epoch | undefined {
    return this.#epoch;
  }

  /** Throws the refusal. A raised epoch is on file before anything is done in its name. */
  obey(epoch: Epoch): void {
    const known = this.#epoch;
    if (known !== undefined && known.journal !== epoch.journal) {
      if (!this.#mayTakeOver) {
        throw new RefusedError(
          'other-journal',
          `This agent obeys the manager with journal ${known.journal}, not ${epoch.journal}. ` +
            'Make sure that the other manager is gone, then restart the agent with --take-over.',
        );
      }
    } else if (known !== undefined && epoch.number < known.number) {
      throw new RefusedError(
        'superseded',
        `A manager with epoch ${known.number} has been here; this order has epoch ${epoch.number}.`,
      );
    } else if (epoch.number === known?.number) {
      return;
    }
    writeState(this.#file, epoch);
    if (known !== undefined && known.journal !== epoch.journal) this.#mayTakeOver = false;
    this.#epoch = { ...epoch };
  }
}
