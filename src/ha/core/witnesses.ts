// SPDX-License-Identifier: Apache-2.0
/** Who bears witness in a fence: hosts that live, and would vanish if a device were theirs. */
import type { Draft } from './draft.ts';
import type { HostName } from './spec.ts';
import type { HostState } from './state.ts';

/** Hosts that were heard just now. One that died with the suspect is a suspect itself by now, and no witness. */
export function witnessesOf(draft: Draft, name: HostName): ReadonlyMap<HostName, string> {
  const witnesses = new Map<HostName, string>();
  for (const other of draft.state.hosts.values()) {
    if (other.name === name || other.boot === undefined || other.fence !== undefined) continue;
    const isHeard = draft.now < heardAt(other.contact) + draft.spec.heartbeatTimeoutMs / 2;
    if (other.contact.status === 'online' && isHeard) witnesses.set(other.name, other.boot);
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

export function heardAt(contact: HostState['contact']): number {
  return contact.status === 'unheard' ? 0 : contact.heardAt;
}
