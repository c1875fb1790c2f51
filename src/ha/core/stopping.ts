// SPDX-License-Identifier: Apache-2.0
/** What has to come down before anything else is done with a group on a host. */
import type { Draft } from './draft.ts';
import { isOperating, operate, stopLeaves } from './operating.ts';
import { knownOn } from './placement.ts';
import { say } from './plan-words.ts';
import type { GroupName, HostName, ResourceName } from './spec.ts';

/** What failed or hung must be stopped before anything else, and all that stands on it first. */
export function stopDoubtful(draft: Draft, name: GroupName, host: HostName): boolean {
  const { resources } = draft.groupSpec(name);
  if (knownOn(draft, name, host).some((known) => known.doubt === 'stop-failed')) {
    const reason = draft.host(host).notFenced;
    const rest = reason === undefined ? 'a fence is asked for' : `not fenced: ${reason}`;
    say(draft, name, `a stop failed on ${host}; ${rest}`);
    return true;
  }
  const bad = new Set<ResourceName>();
  const unseen: ResourceName[] = [];
  for (const { name: resource, parent } of resources) {
    const known = draft.known(name, host, resource);
    const { status } = known;
    const ownDoubt =
      status === 'unknown' && known.doubt !== undefined && !isOperating(draft, host, resource);
    // Out of sight it may have become whole: look, before it is stopped for nothing.
    if (
      ownDoubt &&
      known.doubt === 'unfinished' &&
      known.looked !== true &&
      known.overran !== true
    ) {
      unseen.push(resource);
      continue;
    }
    const onBad = parent !== undefined && bad.has(parent) && status !== 'stopped';
    if (ownDoubt || onBad) bad.add(resource);
  }
  for (const resource of unseen) {
    const { retryAt = 0, operating } = draft.known(name, host, resource);
    if (!draft.isOver(retryAt, 0) || operating === true) continue;
    operate(draft, name, host, resource, 'monitor', 'its state is in doubt');
  }
  const [first] = unseen;
  if (first !== undefined) {
    say(draft, name, `looks at ${first} on ${host}: ${draft.known(name, host, first).text}`);
    return true;
  }
  if (bad.size === 0) return false;
  stopLeaves(
    draft,
    name,
    host,
    (resource) => bad.has(resource.name),
    'it failed and may be active',
  );
  say(draft, name, `stops what failed on ${host}: ${[...bad].join(', ')}`);
  return true;
}

/** Running although what it stands on is stopped: it comes down before that is started again. */
export function stopOrphaned(draft: Draft, name: GroupName, host: HostName): boolean {
  const orphaned = new Set<ResourceName>();
  for (const { name: resource, parent } of draft.groupSpec(name).resources) {
    if (parent === undefined || draft.known(name, host, resource).status !== 'running') continue;
    const down = draft.known(name, host, parent).status === 'stopped' || orphaned.has(parent);
    if (down) orphaned.add(resource);
  }
  if (orphaned.size === 0) return false;
  stopLeaves(draft, name, host, (one) => orphaned.has(one.name), 'what it stands on is stopped');
  say(draft, name, `stops on ${host} what stands on a stopped resource`);
  return true;
}
