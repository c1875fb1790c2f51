// SPDX-License-Identifier: Apache-2.0
/** Did it happen? After a time-out nobody knows, and to guess is how data are lost. */
export type Effect = 'none' | 'done' | 'unknown';

/**
 * A failure of the world, met in a shell. Each domain gives its own union of details; the message
 * names the place and the remedy.
 */
export class AureoleError<
  Details extends { readonly code: string } = { readonly code: string },
> extends Error {
  override readonly name: string = 'AureoleError';
  readonly details: Details;
  readonly effect: Effect;

  constructor(message: string, details: Details, options: { effect: Effect; cause?: unknown }) {
    super(message, { cause: options.cause });
    this.details = details;
    this.effect = options.effect;
  }
}

/** Of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
