// SPDX-License-Identifier: Apache-2.0
/** A fence device: one `fence_*` program with its parameters, driven on its standard input. */
import type { PowerAction, PowerOutcome } from '../core/messages.ts';

export type FenceDevice = {
  /** Unique in the configuration, e.g. `oss1/ipmi`. */
  readonly name: string;
  /** The program, e.g. `fence_ipmilan`; a bare name is looked for in PATH and /usr/sbin. */
  readonly agent: string;
  /** `key=value` lines for its standard input, secrets already read from their files. */
  readonly parameters: ReadonlyMap<string, string>;
  /** Values that must never appear in a log, an error or a process list. */
  readonly secrets: readonly string[];
  /** For one run of the program. */
  readonly timeoutMs: number;
  /** Further runs after one that failed; not after a time-out, which is unknown. */
  readonly retries: number;
};

export type PowerAnswer = {
  readonly outcome: PowerOutcome;
  /** The program's own words, shortened, without secrets. */
  readonly text: string;
};

/** Never rejects. Ended by its time-out or the signal with the whole process group: `unknown`. */
export type RunFenceDevice = (
  device: FenceDevice,
  action: PowerAction,
  signal: AbortSignal,
) => Promise<PowerAnswer>;
