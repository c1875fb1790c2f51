// SPDX-License-Identifier: Apache-2.0
/** What can go wrong with the authority. The message says where, and what to do. */
import { AureoleError } from '../kernel/error.ts';

export type PkiFailure = {
  readonly code:
    /** What was asked for cannot be, as it was written. */
    'usage' | 'pki-failed';
};

export class PkiError extends AureoleError<PkiFailure> {
  override readonly name = 'PkiError';
}

export function wrongUse(message: string): PkiError {
  return new PkiError(message, { code: 'usage' }, { effect: 'none' });
}

export function failed(message: string, cause?: unknown): PkiError {
  return new PkiError(message, { code: 'pki-failed' }, { effect: 'none', cause });
}

/** Runs it; what the system refuses (no space, no permission) is told as a failure and not as a bug. */
export function telling<Args extends readonly unknown[]>(
  run: (...args: Args) => Promise<void> | void,
): (...args: Args) => Promise<void> {
  return async (...args) => {
    try {
      await run(...args);
    } catch (cause) {
      if (!(cause instanceof Error) || !('syscall' in cause)) throw cause;
      throw failed(`the authority cannot be used: ${cause.message}`, cause);
    }
  };
}
