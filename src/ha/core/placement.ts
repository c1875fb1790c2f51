// SPDX-License-Identifier: Apache-2.0
/** Where a group runs by what is known, and where it might. */
import type { Draft } from './draft.ts';
import type { Known } from './knowledge.ts';
import { listOf, type GroupName, type HostName } from './spec.ts';

/** The configured hosts of the group and all others on which it was ever started. */
export function hostsOf(draft: Draft, group: GroupName): HostName[] {
  return [...draft.group(group).known.keys()];
}

export function isOnline(draft: Draft, host: HostName): boolean {
  const state = draft.state.hosts.get(host);
  return state?.contact.status === 'online' && state.fence === undefined;
}

export function runsOn(draft: Draft, group: GroupName, host: HostName): 'all' | 'part' | 'no' {
  const { resources } = draft.groupSpec(group);
  const onHost = draft.group(group).known.get(host);
  let running = 0;
  for (const { name } of resources) if (onHost?.get(name)?.status === 'running') running++;
  if (running === 0) return 'no';
  return running === resources.length ? 'all' : 'part';
}

export function isStoppedOn(draft: Draft, group: GroupName, host: HostName): boolean {
  const onHost = draft.group(group).known.get(host);
  for (const { name } of draft.groupSpec(group).resources)
    if (onHost?.get(name)?.status !== 'stopped') return false;
  return true;
}

export function locationsOf(draft: Draft, group: GroupName): HostName[] {
  return hostsOf(draft, group).filter((host) => runsOn(draft, group, host) !== 'no');
}

/** Groups that are not proven to be away from the host, and that are not seen running elsewhere. */
export function groupsMaybeOn(draft: Draft, name: HostName): GroupName[] {
  return draft.groupsOn(name).filter((group) => {
    if (isStoppedOn(draft, group, name)) return false;
    for (const other of draft.group(group).known.keys())
      if (other !== name && runsOn(draft, group, other) === 'all') return false;
    return true;
  });
}

export function knownOn(draft: Draft, group: GroupName, host: HostName): Known[] {
  return draft.groupSpec(group).resources.map(({ name }) => draft.known(group, host, name));
}

/** Why the host is not chosen for the group: it may not take it, or a start there has failed. */
export function eligibleFor(draft: Draft, group: GroupName, host: HostName): string | undefined {
  const avoided = draft.group(group).avoid.get(host);
  if (avoided !== undefined) return `it could not be started on ${host}: ${avoided}`;
  return mayTake(draft, group, host);
}

/** Why the host may not take the group; undefined: it may, as far as the host is concerned. */
export function mayTake(draft: Draft, group: GroupName, host: HostName): string | undefined {
  const state = draft.state.hosts.get(host);
  if (state === undefined) return `${host} is not configured`;
  if (state.off?.confirmed === true) return `${host} is off`;
  if (state.fence !== undefined) return `${host} is being fenced`;
  if (state.contact.status !== 'online') return `${host} does not answer`;
  if (!state.active) return `${host} is deactivated`;
  for (const { name } of draft.groupSpec(group).resources) {
    const { cannotRun, doubt, text } = draft.known(group, host, name);
    if (cannotRun === true || doubt === 'stop-failed') return `${host}: ${text}`;
  }
  return undefined;
}

/** A group that is on its way to the host, and would be left stopped if that went away now. */
export function comingTo(draft: Draft, host: HostName): GroupName | undefined {
  for (const { name, plan } of draft.state.groups.values()) {
    const to = plan?.type === 'move' ? plan.to : plan?.host;
    if (to === host) return name;
  }
  return undefined;
}

/**
 * The host that the group should be started on: where an operator wants it, else where it ran last,
 * else home, else the first failover host that may take it. Otherwise every reason why not.
 */
export function chooseHost(draft: Draft, group: GroupName): { host: HostName } | { why: string } {
  const { wanted, lastHost } = draft.group(group);
  const list = listOf(draft.groupSpec(group));
  const whys: string[] = [];
  for (const host of new Set([wanted, lastHost, ...list])) {
    if (host === undefined || !list.includes(host)) continue;
    const why = eligibleFor(draft, group, host);
    if (why === undefined) return { host };
    whys.push(why);
  }
  return { why: whys.join('; ') };
}
