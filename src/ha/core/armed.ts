// SPDX-License-Identifier: Apache-2.0
/** Whether a host may be fenced again: not after a fence, until somebody has looked, or time has passed. */
import type { Instant } from '../../kernel/machine.ts';
import type { FencingSpec } from './spec.ts';
import type { HostState } from './state.ts';

export type Arming = Readonly<{
  armed: boolean;
  /** Until it is armed again by itself; absent: it is, or only `reset` arms it. */
  armedInMs?: number;
}>;

export function armingOf({ rearmMs }: FencingSpec, { fencedAt }: HostState, now: Instant): Arming {
  if (fencedAt === undefined) return { armed: true };
  if (rearmMs === undefined) return { armed: false };
  const leftMs = rearmMs - (now - fencedAt);
  return leftMs < 0 ? { armed: true } : { armed: false, armedInMs: Math.round(leftMs) };
}
