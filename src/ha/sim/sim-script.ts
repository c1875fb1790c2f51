// SPDX-License-Identifier: Apache-2.0
/** What lies in a simulated host: scripts as processes, and what its agent keeps in /run. */
import type { Operation, OperationOutcome } from '../core/messages.ts';

export type SimEpoch = Readonly<{ journal: string; number: number }>;

/** How a script behaves; drawn by the world when it begins. */
export type Conduct = Readonly<{
  durationMs: number;
  exit: number;
  /** When its effect comes, as a share of its duration; undefined: it has none. */
  effectShare?: number;
  hangs: boolean;
  /** State D: nothing but a power cut ends it. */
  unkillable: boolean;
}>;

export type Script = {
  readonly resource: string;
  readonly operation: Operation;
  readonly request: string;
  readonly conduct: Conduct;
  readonly begunAt: number;
  /** What a monitor saw when it looked. */
  readonly saw: boolean;
  orphan: boolean;
  over: boolean;
};

export type Watched = { exit?: number; begunAt?: number };
export type Recorded = {
  outcome?: OperationOutcome;
  readonly waiting: ((outcome: OperationOutcome) => void)[];
};

/** What an agent keeps in /run: it outlives the agent, and no power cut. */
export type Run = {
  epoch?: SimEpoch;
  readonly requests: Map<string, Recorded>;
  /** The newest order for each resource. */
  readonly newest: Map<string, number>;
};

export function emptyRun(): Run {
  return { requests: new Map(), newest: new Map() };
}
