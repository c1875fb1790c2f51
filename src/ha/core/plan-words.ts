// SPDX-License-Identifier: Apache-2.0
/** What is said of a group, and how a plan for it ends. */
import type { Draft } from './draft.ts';
import type { GroupName } from './spec.ts';

export function say(draft: Draft, name: GroupName, reason: string): void {
  const group = draft.group(name);
  if (group.reason === reason) return;
  draft.setGroup({ ...group, reason });
  draft.because(`${name} ${reason}`);
}

export function dropPlan(draft: Draft, name: GroupName, why: string): void {
  const group = draft.group(name);
  if (group.plan === undefined) return;
  draft.setGroup({ ...group, plan: undefined });
  draft.because(`the plan for ${name} is dropped: ${why}`);
}
