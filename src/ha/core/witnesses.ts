// SPDX-License-Identifier: Apache-2.0
/** Who bears witness in a fence: hosts that live, and would vanish if a device were theirs. */
import type { Draft } from './draft.ts';
import type { HostName } from './spec.ts';
import type { FenceCause, HostState } from './state.ts';

/** For a host without an agent of ours that answers: any sign of life will do, and none tells the boot. */
const ANY_BOOT = '';

/**
 * Hosts that were heard just now. One that died with the suspect is a suspect itself by now, and no witness.
 * Nor is one that was told off: it may go at any moment. One that waits for its turn lives till then; but
 * who is switched off and answers is itself seen to go, so that several go together.
 */
export function witnessesOf(
  draft: Draft,
  name: HostName,
  cause: FenceCause,
): ReadonlyMap<HostName, string> {
  const witnesses = new Map<HostName, string>();
  const isSeenToGo = cause === 'power-off' && isHeard(draft, draft.host(name));
  for (const other of draft.state.hosts.values()) {
    if (other.name === name || !isHeard(draft, other)) continue;
    if (other.fence !== undefined && (isSeenToGo || other.fence.round >= 0)) continue;
    const boot = other.contact.status === 'online' ? other.boot : undefined;
    witnesses.set(other.name, boot ?? ANY_BOOT);
  }
  return witnesses;
}

/** A host whose fence still needs the word of this one that it lives. */
export function witnessFor(draft: Draft, name: HostName): HostName | undefined {
  return draft.state.fencing.find((other) => {
    const fence = draft.host(other).fence;
    return fence?.phase !== 'held' && fence?.witnesses.has(name) === true;
  });
}

/** Cut now, it would be the lost witness of another fence. Who is silent may be just what the fence is for. */
export function isNeeded(draft: Draft, name: HostName): boolean {
  const { contact, fence } = draft.host(name);
  const mayWait = fence?.cause === 'power-off' || contact.status !== 'silent';
  return mayWait && witnessFor(draft, name) !== undefined;
}

function isHeard(draft: Draft, { contact }: HostState): boolean {
  if (contact.status !== 'online' && contact.status !== 'refused') return false;
  return draft.now < contact.heardAt + draft.spec.heartbeatTimeoutMs / 2;
}

/** It has shown since then that it lives: where its agent answered, by its agent's own word. */
export function livesSince(witness: HostState, boot: string, since: number): boolean {
  if (boot === ANY_BOOT) return witness.aliveAt >= since;
  // A kernel that refuses may be one that was booted since.
  return witness.answeredAt >= since && witness.boot === boot;
}

/** It was asked, and cannot be what it was any more. */
export function isLost({ contact, boot: now }: HostState, boot: string): boolean {
  if (boot === ANY_BOOT) return contact.status !== 'online' && contact.status !== 'refused';
  return contact.status !== 'online' || now !== boot;
}

export function heardAt(contact: HostState['contact']): number {
  return contact.status === 'unheard' ? 0 : contact.heardAt;
}
