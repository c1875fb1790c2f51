// SPDX-License-Identifier: Apache-2.0
/** Leaving a host where the group runs: because an operator says so, or because it must. */
import type { Draft } from './draft.ts';
import { countFailure } from './failures.ts';
import { askEverybody, askWhoAnsweredBefore, pauseMs, stopLeaves } from './operating.ts';
import { eligibleFor, knownOn } from './placement.ts';
import { dropPlan, say } from './plan-words.ts';
import { listOf, type GroupName, type HostName } from './spec.ts';
import type { Plan } from './state.ts';

export function whyLeave(draft: Draft, name: GroupName, host: HostName): string | undefined {
  const { wanted, avoid } = draft.group(name);
  if (wanted !== undefined && wanted !== host) return 'an operator wants it there';
  if (!draft.host(host).active) return `${host} is deactivated`;
  if (avoid.has(host)) return `it could not be started on ${host}`;
  return undefined;
}

/** Nothing is stopped here before the other host is known to be able to take it. */
export function beginMove(draft: Draft, name: GroupName, host: HostName, why: string): void {
  const group = draft.group(name);
  const choice = group.wanted === undefined ? nextHost(draft, name, host) : group.wanted;
  const obstacle =
    choice === undefined ? 'no other host may take it' : eligibleFor(draft, name, choice);
  if (choice === undefined || obstacle !== undefined) {
    const { wanted, ...rest } = group;
    if (wanted !== undefined) {
      draft.setGroup(rest);
      const text = `stays on ${host}: ${obstacle}`;
      draft.fact({ name: 'ha.group.not-moved', severity: 'warning', group: name, text });
    }
    if (group.avoid.has(host)) return retryInPlace(draft, name, host);
    return say(draft, name, `should leave ${host} (${why}) but stays: ${obstacle}`);
  }
  const again = draft.now + pauseMs(draft);
  const plan: Plan = {
    type: 'move',
    host,
    to: choice,
    askedAt: draft.now,
    again,
    why,
    stopping: false,
  };
  draft.setGroup({ ...group, plan });
  draft.because(`move ${name} from ${host} to ${choice}: ${why}`);
  askEverybody(draft, name, plan);
  say(draft, name, `is about to move from ${host} to ${choice}: ${why}`);
}

export function continueMove(
  draft: Draft,
  name: GroupName,
  plan: Extract<Plan, { type: 'move' }>,
): void {
  const { host, to, why } = plan;
  if (!plan.stopping) {
    const obstacle = eligibleFor(draft, name, to);
    if (obstacle !== undefined) {
      dropPlan(draft, name, obstacle);
      return say(draft, name, `stays on ${host}: ${obstacle}`);
    }
    const answered = knownOn(draft, name, to).every(
      (known) => known.status === 'stopped' && (known.evidence?.askedAt ?? -1) >= plan.askedAt,
    );
    if (!answered) {
      askWhoAnsweredBefore(draft, name, to, plan);
      if (draft.now >= plan.again) dropPlan(draft, name, `${to} did not say that it can take it`);
      return say(draft, name, `is about to move from ${host} to ${to}: ${why}`);
    }
    draft.setGroup({ ...draft.group(name), plan: { ...plan, stopping: true } });
    draft.fact({
      name: 'ha.group.moving',
      severity: 'info',
      group: name,
      host: to,
      text: `from ${host}: ${why}`,
    });
  }
  stopLeaves(
    draft,
    name,
    host,
    (resource) => draft.known(name, host, resource.name).status !== 'stopped',
    why,
  );
  say(draft, name, `stops on ${host} to move to ${to}: ${why}`);
}

/** Nobody else can take it any more: what failed here is tried here again, and counted. */
function retryInPlace(draft: Draft, name: GroupName, host: HostName): void {
  const group = draft.group(name);
  const avoid = new Map(group.avoid);
  const text = avoid.get(host) ?? 'start failed';
  avoid.delete(host);
  draft.setGroup({ ...group, avoid });
  countFailure(draft, name, text);
  draft.touchedGroups.add(name);
}

function nextHost(draft: Draft, name: GroupName, host: HostName): HostName | undefined {
  return listOf(draft.groupSpec(name)).find(
    (other) => other !== host && eligibleFor(draft, name, other) === undefined,
  );
}
