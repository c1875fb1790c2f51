// SPDX-License-Identifier: Apache-2.0
/** Who bears witness in a fence: hosts that live, and would vanish if a device were theirs. */
import type { Draft } from './draft.ts';
import type { HostName } from './spec.ts';
import type { Fence, HostState } from './state.ts';

/**
 * Hosts that were heard just now. One that died with the suspect is a suspect itself by now, and no witness.
 * Nor is one that was told off: it may go at any moment. One that waits for its turn lives till then; but
 * who is switched off and answers is itself seen to go, so that several go together.
 */
export function witnessesOf(
  draft: Draft,
  name: HostName,
  { cause, since }: Pick<Fence, 'cause' | 'since'>,
): ReadonlyMap<HostName, string> {
  const witnesses = new Map<HostName, string>();
  const isSeenToGo = cause === 'power-off' && isHeard(draft, draft.host(name));
  for (const other of draft.state.hosts.values()) {
    if (other.name === name || !isHeard(draft, other)) continue;
    if (other.fence !== undefined && (isSeenToGo || other.fence.round >= 0)) continue;
    if (other.contact.status !== 'online' && !refusesSince(other, since)) continue;
    witnesses.set(other.name, other.boot ?? '');
  }
  return witnesses;
}

/** Who is heard while off is on its way lives as well, whether it was heard before or has just booted. */
export function joinWitnesses(draft: Draft, name: HostName): void {
  const { boot, fence: own } = draft.host(name);
  if (boot === undefined || (own !== undefined && own.round >= 0)) return;
  for (const other of draft.state.fencing) {
    const suspect = draft.host(other);
    const { fence } = suspect;
    if (fence === undefined || !/^(?:off|status)$/.test(fence.phase)) continue;
    if (other === name || fence.witnesses.has(name)) continue;
    const witnesses = new Map([...fence.witnesses, [name, boot] as const]);
    draft.setHost({ ...suspect, fence: { ...fence, witnesses } });
  }
}

/** A host whose fence still needs the word of this one that it lives. */
function witnessFor(draft: Draft, name: HostName): HostName | undefined {
  return draft.state.fencing.find((other) => {
    const fence = draft.host(other).fence;
    return fence?.phase !== 'held' && fence?.witnesses.has(name) === true;
  });
}

/**
 * Why off is not told yet. After a gap of ours nobody was heard, and none would bear witness. `isPatient`:
 * it would be the lost witness of another fence; who is silent may be just what the fence is for.
 */
export function whyWait(draft: Draft, name: HostName, isPatient: boolean): string | undefined {
  const { now, state, spec } = draft;
  if (now - state.listenSince < spec.heartbeatTimeoutMs / 2)
    return 'waits until the other hosts had time to answer';
  const { contact, fence } = draft.host(name);
  const mayWait = fence?.cause === 'power-off' || contact.status !== 'silent';
  const other = isPatient && mayWait ? witnessFor(draft, name) : undefined;
  return other && `waits until it is settled that ${other} is off`;
}

function isHeard(draft: Draft, { contact }: HostState): boolean {
  if (contact.status !== 'online' && contact.status !== 'refused') return false;
  return draft.now < contact.heardAt + draft.spec.heartbeatTimeoutMs / 2;
}

/** It has shown that it lives since the devices said off, and was not booted in between. */
export function lives(witness: HostState, boot: string, { since, saidOffAt = 0 }: Fence): boolean {
  if (witness.answeredAt >= saidOffAt && witness.boot === boot) return true;
  return witness.aliveAt >= saidOffAt && refusesSince(witness, since);
}

/** It was asked, and will not show that any more. */
export function isLost(
  { contact, ...witness }: HostState,
  boot: string,
  { since }: Fence,
): boolean {
  if (contact.status === 'online') return witness.boot !== boot;
  return !refusesSince({ ...witness, contact }, since);
}

/** A kernel does not tell its boot. One that was cut and booted would have been silent in between. */
function refusesSince({ contact }: HostState, since: number): boolean {
  return contact.status === 'refused' && contact.since <= since;
}

export function heardAt(contact: HostState['contact']): number {
  return contact.status === 'unheard' ? 0 : contact.heardAt;
}
