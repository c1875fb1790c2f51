// SPDX-License-Identifier: Apache-2.0
/** The contract that every decision-maker obeys. See ARCHITECTURE.md, "The machine contract". */

/** Milliseconds on the injected clock. Never compared across machines. */
export type Instant = number;

export type Tick = { readonly type: 'tick' };

/** One record of the machine's memory. An undefined value deletes the key. */
export type Save = { readonly key: string; readonly value: unknown };
export type Saved = ReadonlyMap<string, unknown>;

export type Step<S, C> = {
  readonly state: S;
  /** Must be on stable storage before any command of this step is executed. */
  readonly saves: readonly Save[];
  readonly commands: readonly C[];
  /** Why, in a few constant words: for the operator, the log, and tests that look for it. */
  readonly reason: string;
};

export interface Machine<S, E, C> {
  readonly name: string;
  /** Pure: the same state, event and instant give the same step. Bad luck never throws. */
  step(state: S, event: E | Tick, now: Instant): Step<S, C>;
  /** When the machine wants its next tick. Derived from state: no timer can leak or be lost. */
  deadline(state: S): Instant | undefined;
  /** Recovery is a step too: what to be after a restart, and which commands to issue again. */
  restore(saved: Saved, now: Instant): Step<S, C>;
}
