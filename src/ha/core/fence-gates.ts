// SPDX-License-Identifier: Apache-2.0
/**
 * May a host be fenced without an operator's order? One question, one place.
 *
 * Every gate must be open. A gate that is shut says why, in words for the operator; `pending` means
 * that an answer is still on its way and that nobody needs to be told yet.
 */
import type { FenceCause, OrderedCause } from './state.ts';

export type FenceCase = Readonly<{
  cause: Exclude<FenceCause, OrderedCause>;
  mode: 'observe' | 'manage';
  /** Another manager has taken over. */
  superseded: boolean;
  /** The host was fenced and has not been reset since. */
  armed: boolean;
  /** An operator had it switched, and it has not answered since. */
  switched?: 'on' | 'off' | undefined;
  /** Every device of some level has said on while the host was beating. */
  provenLevel: boolean;
  /** A group that may be on the host, and a host that answers now and may take it. */
  helps?: Readonly<{ group: string; target: string }> | undefined;
  /** A group that may be on the host and that we were told not to manage. */
  unmanaged?: string | undefined;
  /** Hosts not on the manager's machine that answered a question asked since the host fell silent. */
  othersAnswer: number;
  managerOnHost: boolean;
  witness: 'none' | 'asked' | 'yes' | 'no';
  /** Does a possible target still reach the host? */
  reached: 'asked' | 'yes' | 'no' | 'unknown' | 'nobody';
  onReached: 'alarm' | 'fence';
  silentHosts: number;
  hosts: number;
  fencesUnderWay: number;
  /** A fence under way waits for this host's word that it lives. */
  isWitness: boolean;
  /** The manager runs on it. */
  isManagerHost: boolean;
  maxConcurrent: number;
  fencesLastHour: number;
  maxPerHour: number;
}>;

export type Verdict = Readonly<
  { fence: true } | { fence: false; gate: Gate; reason: string; pending: boolean }
>;

export type Gate =
  | 'mode'
  | 'superseded'
  | 'armed'
  | 'switched'
  | 'devices'
  | 'helps'
  | 'unmanaged'
  | 'own-host'
  | 'cut-off'
  | 'witness'
  | 'reached'
  | 'many-silent'
  | 'concurrent'
  | 'hourly';

export function mayFence(facts: FenceCase): Verdict {
  if (facts.switched !== undefined) {
    return wait(
      'switched',
      `an operator had it switched ${facts.switched}, and it has not answered since: it may still boot`,
    );
  }
  if (facts.mode !== 'manage') return shut('mode', 'the manager only observes (ha.mode: manage)');
  if (facts.superseded) return shut('superseded', 'another manager has taken over');
  if (facts.unmanaged !== undefined) {
    return shut('unmanaged', `group ${facts.unmanaged} may be on it and is unmanaged`);
  }
  if (facts.isManagerHost) {
    return shut('own-host', 'the manager runs on it and cannot go on after fencing it');
  }
  if (facts.cause === 'silence' && facts.othersAnswer === 0 && facts.witness !== 'yes') {
    return shut('cut-off', 'no other host answers: the manager may be the one that is cut off');
  }
  if (facts.helps === undefined) {
    return shut('helps', 'fencing would help no group: no host that answers may take one over');
  }
  if (!facts.armed) {
    return shut('armed', 'it was fenced already; `aureole reset` arms it again');
  }
  if (!facts.provenLevel) {
    return shut(
      'devices',
      'no level of its fence devices is proven (has said on while it answered)',
    );
  }
  return facts.cause === 'silence' ? silence(facts) : limits(facts);
}

/** A host that does not answer may be fine, and we the ones who are cut off. */
function silence(facts: FenceCase): Verdict {
  if (facts.managerOnHost && facts.witness === 'none') {
    return shut('witness', 'the manager runs on a managed host and no witness is configured');
  }
  if (facts.witness === 'asked') return wait('witness', 'the witness has been asked');
  if (facts.witness === 'no') {
    return shut('witness', 'the witness does not answer: the manager may be cut off');
  }
  const many = Math.max(1, Math.floor(facts.hosts / 4));
  if (facts.silentHosts > many) {
    return shut('many-silent', `${facts.silentHosts} hosts are silent, more than ${many} at once`);
  }
  // Only the manager's own host could take it. Its word is ours, so the witness has to speak for us.
  if (facts.reached === 'nobody' && facts.witness !== 'yes') {
    return shut('reached', "only the manager's own host could take it, and no witness answers");
  }
  if (facts.reached === 'asked')
    return wait('reached', 'other hosts are asked whether they reach it');
  if (facts.reached === 'unknown') {
    return wait('reached', 'no possible target has said yet whether it reaches it');
  }
  if (facts.reached === 'yes' && facts.onReached === 'alarm') {
    return shut(
      'reached',
      'a possible target still reaches it: the path from the manager is broken',
    );
  }
  return limits(facts);
}

function limits(facts: FenceCase): Verdict {
  if (facts.isWitness) {
    return shut(
      'concurrent',
      'a fence that is under way waits for its word: is its device wired to this host?',
    );
  }
  if (facts.fencesUnderWay >= facts.maxConcurrent) {
    return shut('concurrent', `fences under way: ${facts.fencesUnderWay} (max_concurrent)`);
  }
  if (facts.fencesLastHour >= facts.maxPerHour) {
    return shut('hourly', `fences within an hour: ${facts.fencesLastHour} (max_per_hour)`);
  }
  return { fence: true };
}

function shut(gate: Gate, reason: string): Verdict {
  return { fence: false, gate, reason, pending: false };
}

function wait(gate: Gate, reason: string): Verdict {
  return { fence: false, gate, reason, pending: true };
}
