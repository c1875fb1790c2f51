// SPDX-License-Identifier: Apache-2.0
/**
 * The one rule for starting anything: a resource may be started on a host when that host is in the
 * group's list, active, and has answered a question asked after the plan was made, and when every
 * exclusive resource of the group is stopped, by evidence, on every other host that may hold it.
 */
import type { Instant } from '../../kernel/machine.ts';
import type { Known } from './knowledge.ts';

export type StartCase = Readonly<{
  host: string;
  inList: boolean;
  active: boolean;
  online: boolean;
  /** When the plan to start here was made. */
  plannedAt: Instant;
  /** What is known of the group's resources on `host`. */
  here: readonly Known[];
  others: readonly Readonly<{
    host: string;
    /** What is known of the group's resources there. */
    known: readonly Known[];
    /** A start or stop that we ordered there has not been answered. */
    outstanding: boolean;
  }>[];
}>;

export type StartVerdict = Readonly<
  { start: true } | { start: false; reason: string; blockedBy?: string }
>;

export function mayStart(facts: StartCase): StartVerdict {
  const no = (reason: string, blockedBy?: string): StartVerdict => ({
    start: false,
    reason,
    ...(blockedBy === undefined ? {} : { blockedBy }),
  });
  if (!facts.inList) return no(`${facts.host} is not in its list of hosts`);
  if (!facts.active) return no(`${facts.host} is deactivated`);
  if (!facts.online) return no(`${facts.host} does not answer`);
  for (const other of facts.others) {
    if (other.outstanding)
      return no(`an operation on ${other.host} has not been answered`, other.host);
    const doubtful = other.known.find((known) => known.status !== 'stopped' || !isEvident(known));
    if (doubtful !== undefined) {
      const what = doubtful.status === 'running' ? 'runs' : 'may run';
      return no(`it ${what} on ${other.host}: ${doubtful.text}`, other.host);
    }
  }
  const stale = facts.here.find((known) => (known.evidence?.askedAt ?? -1) < facts.plannedAt);
  if (stale !== undefined) {
    const why = stale.status === 'unknown' ? `: ${stale.text}` : '';
    return no(`${facts.host} has not answered since the plan was made${why}`);
  }
  return { start: true };
}

/** `stopped` without evidence does not exist; if it ever did, it would count as unknown. */
function isEvident(known: Known): boolean {
  return known.evidence !== undefined && known.doubt === undefined;
}
