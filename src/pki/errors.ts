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

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
