// SPDX-License-Identifier: Apache-2.0
/** Who bears witness in a fence: hosts that live, and would vanish if a device were theirs. */
import type { Draft } from './draft.ts';
import type { HostName } from './spec.ts';
import type { FenceCause, HostState } from './state.ts';

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
    if (other.name === name || other.boot === undefined) continue;
    if (other.fence !== undefined && (isSeenToGo || other.fence.round >= 0)) continue;
    if (isHeard(draft, other)) witnesses.set(other.name, other.boot);
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
  const mayWait = fence?.cause === 'power-off' || contact.status === 'online';
  return mayWait && witnessFor(draft, name) !== undefined;
}

function isHeard(draft: Draft, { contact }: HostState): boolean {
  return (
    contact.status === 'online' && draft.now < contact.heardAt + draft.spec.heartbeatTimeoutMs / 2
  );
}

export function heardAt(contact: HostState['contact']): number {
  return contact.status === 'unheard' ? 0 : contact.heardAt;
}
