// SPDX-License-Identifier: Apache-2.0
/** What can go wrong in the world around the HA manager. The message says where, and what to do. */
import { AureoleError } from '../kernel/error.ts';

export type HaFailure =
  /** Another manager holds the journal. */
  | { readonly code: 'journal-in-use'; readonly path: string }
  /** Not a journal, damaged, or written by a newer version. */
  | { readonly code: 'journal-unusable'; readonly path: string }
  /** A step could not be written; the manager ends, because it may not act without a record. */
  | { readonly code: 'journal-not-written'; readonly path: string }
  /** Another manager answers at the socket, or it cannot be made. */
  | { readonly code: 'socket-unusable'; readonly path: string }
  /** Agents would be spoken to in the clear over a network. */
  | { readonly code: 'insecure-network' };

export class HaError extends AureoleError<HaFailure> {
  override readonly name = 'HaError';
}
