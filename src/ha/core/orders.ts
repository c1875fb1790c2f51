// SPDX-License-Identifier: Apache-2.0
/** What operators order. Each order is answered at once: done, accepted, refused with its reason, failed. */
import { armingOf } from './armed.ts';
import { changeDevice, usableLevels } from './devices.ts';
import type { Draft } from './draft.ts';
import { beginFence, confirmOff, endFence } from './fencing.ts';
import { doubted } from './knowledge.ts';
import type { Answer, Order } from './messages.ts';
import { comingTo, eligibleFor, groupsMaybeOn, locationsOf } from './placement.ts';
import { dropPlan } from './plan-words.ts';
import { powerOff, powerOn } from './power.ts';
import { listOf, type GroupName } from './spec.ts';

export function onOrder(draft: Draft, order: Order): void {
  const answer = carryOut(draft, order);
  const said = answer.outcome === 'refused' ? `refused: ${answer.text}` : answer.text;
  const why = order.reason === '' ? '' : ` (${order.reason})`;
  draft.fact({
    name: `ha.order.${order.verb}`,
    severity: 'info',
    operator: order.operator,
    ...(order.uid === undefined ? {} : { uid: order.uid }),
    text: `${said}${why}`,
    outcome: answer.outcome,
    ...(order.reason === '' ? {} : { reason: order.reason }),
    ...(isGroupVerb(draft, order) ? { group: order.target } : { host: order.target }),
  });
  draft.order({ type: 'answer-order', id: order.id, ...answer });
  draft.because(`${order.verb} ${order.target}: ${answer.outcome}`);
}

function carryOut(draft: Draft, order: Order): Answer {
  if (draft.state.superseded !== undefined) {
    return refused('another manager has taken over; ask that one');
  }
  const knowsHost = draft.state.hosts.has(order.target);
  const knowsGroup = draft.state.groups.has(order.target);
  switch (order.verb) {
    case 'fence':
      return knowsHost ? fence(draft, order) : noHost(order);
    case 'confirm-off':
      return knowsHost ? confirm(draft, order) : noHost(order);
    case 'reset':
      return knowsHost ? reset(draft, order) : noHost(order);
    case 'activate':
      return knowsHost ? activate(draft, order) : noHost(order);
    case 'deactivate':
      return knowsHost ? deactivate(draft, order) : noHost(order);
    case 'failback':
      return knowsHost || knowsGroup ? failback(draft, order) : noHost(order);
    case 'manage':
      return knowsGroup ? manage(draft, order) : noGroup(draft, order);
    case 'unmanage':
      return knowsGroup ? unmanage(draft, order) : noGroup(draft, order);
    case 'cleanup':
      return knowsGroup ? cleanup(draft, order) : noGroup(draft, order);
    case 'power-on':
      return knowsHost ? powerOn(draft, order) : noHost(order);
    case 'power-off':
      return knowsHost ? powerOff(draft, order) : noHost(order);
  }
}

function fence(draft: Draft, order: Order): Answer {
  const name = order.target;
  const host = draft.host(name);
  if (draft.spec.mode === 'observe') return refused('the manager only observes (ha.mode: manage)');
  const waits = (host.fence?.round ?? 0) < 0;
  if (host.fence !== undefined && !(waits && order.force)) {
    const remedy = waits ? `, and ${host.fence.heldBy}; --force waits for no other fence` : '';
    return refused(`a fence of this host is under way already${remedy}`);
  }
  if (usableLevels(draft, host, 'operator').length === 0) {
    return refused(
      'it has no fence device that can be believed; switch it off by hand, then --confirm-off',
    );
  }
  if (!order.force) {
    const warning = whyNotFence(draft, name);
    if (warning !== undefined) return refused(`${warning}; --force does it all the same`);
  }
  beginFence(draft, name, 'operator', order.reason || 'ordered by an operator', order);
  const heldBy = draft.host(name).fence?.heldBy;
  const rest = heldBy === undefined ? '' : `: it ${heldBy}`;
  return { outcome: 'accepted', text: `fence of ${name} begun${rest}` };
}

function whyNotFence(draft: Draft, name: string): string | undefined {
  const host = draft.host(name);
  if (host.off?.confirmed === true) return 'it is off already';
  const { armed } = armingOf(draft.spec.fencing, host, draft.now);
  if (!armed) return 'it was fenced already and not reset since';
  for (const group of groupsMaybeOn(draft, name)) {
    if (!draft.group(group).managed) return `group ${group} may run on it and is unmanaged`;
    const list = listOf(draft.groupSpec(group)).filter((other) => other !== name);
    const takes = list.some((other) => eligibleFor(draft, group, other) === undefined);
    if (!takes) return `no other host can take group ${group} now`;
  }
  const coming = comingTo(draft, name);
  return coming === undefined ? undefined : `group ${coming} is about to start on it`;
}

function confirm(draft: Draft, order: Order): Answer {
  const host = draft.host(order.target);
  if (host.off?.confirmed === true) return refused('it is known to be off already');
  if (host.contact.status === 'online') return refused('it answers: it is not off');
  if (host.contact.status === 'refused' && !order.force) {
    return refused(
      'its kernel answers, so it lives; --force if you have seen that it has no power',
    );
  }
  confirmOff(draft, order.target, 'operator', `${order.operator} says that it is off`);
  return { outcome: 'done', text: `${order.target} is taken for off on your word` };
}

function reset(draft: Draft, order: Order): Answer {
  const phase = draft.host(order.target).fence?.phase;
  const stuck = phase === 'pause' || phase === 'held';
  if (stuck) endFence(draft, order.target, `${order.operator} calls it off`);
  const host = draft.host(order.target);
  const { fencedAt, switched } = host;
  const wrong = [...host.devices].filter(([, device]) => device.trust === 'wrong');
  if (fencedAt === undefined && switched === undefined && wrong.length === 0 && !stuck) {
    return refused('it has not been fenced');
  }
  draft.setHost({ ...host, fencedAt: undefined, switched: undefined });
  for (const [name, device] of wrong) {
    const next = { ...device, trust: 'unproven', power: 'unknown', checkAt: draft.now } as const;
    changeDevice(draft, order.target, name, next);
  }
  draft.touchedHosts.add(order.target);
  return { outcome: 'done', text: `${order.target} may be fenced again` };
}

function activate(draft: Draft, order: Order): Answer {
  draft.setHost({ ...draft.host(order.target), active: true });
  touchGroups(draft, order.target);
  return { outcome: 'done', text: `${order.target} may take groups` };
}

function deactivate(draft: Draft, order: Order): Answer {
  for (const group of draft.layout.groupsOf.get(order.target) ?? []) {
    const list = listOf(draft.groupSpec(group));
    const others = list.filter((name) => name !== order.target && draft.host(name).active);
    if (list.length > 1 && others.length === 0) {
      return refused(`group ${group} would have no active host left`);
    }
  }
  draft.setHost({ ...draft.host(order.target), active: false });
  touchGroups(draft, order.target);
  return { outcome: 'accepted', text: `${order.target} takes no groups; managed ones leave it` };
}

function failback(draft: Draft, order: Order): Answer {
  if (draft.spec.mode === 'observe') return refused('the manager only observes (ha.mode: manage)');
  const one = draft.state.groups.has(order.target);
  const groups = one
    ? [order.target]
    : [...draft.spec.groups.values()]
        .filter((group) => group.homeHost === order.target)
        .map((group) => group.name);
  const away = groups.filter((group) => !locationsOf(draft, group).includes(homeOf(draft, group)));
  if (away.length === 0) {
    const which = one ? order.target : `what is at home on ${order.target}`;
    return { outcome: 'done', text: `${which} runs there already; nothing to do` };
  }
  const obstacles = away.map((group) => whyNotHome(draft, group));
  const going = away.filter((_, index) => obstacles[index] === undefined);
  const staying = [...new Set(obstacles)].filter((obstacle) => obstacle !== undefined);
  if (going.length === 0) return refused(staying.join('; '));
  for (const group of going) {
    draft.setGroup({ ...draft.group(group), wanted: homeOf(draft, group) });
    draft.touchedGroups.add(group);
  }
  const rest = staying.length === 0 ? '' : `; not all: ${staying.join('; ')}`;
  return { outcome: 'accepted', text: `returns home: ${going.join(', ')}${rest}` };
}

function whyNotHome(draft: Draft, group: GroupName): string | undefined {
  const { managed, failed, avoid } = draft.group(group);
  if (!managed) return `group ${group} is unmanaged`;
  if (failed !== undefined) return `group ${group} has failed (cleanup first)`;
  const home = homeOf(draft, group);
  const why = eligibleFor(draft, group, home);
  return avoid.has(home) ? `${why} (cleanup first)` : why;
}

function manage(draft: Draft, order: Order): Answer {
  draft.setGroup({ ...draft.group(order.target), managed: true });
  const { known } = draft.group(order.target);
  // Whoever had it in his hands may have moved it: everything is asked again before anything is done.
  for (const [host, onHost] of known) {
    if (draft.state.hosts.get(host)?.off?.confirmed === true) continue;
    for (const [resource, one] of onHost) {
      const next = doubted(one, draft.now, 'not asked since it is managed again');
      draft.setKnown(order.target, host, resource, next);
    }
  }
  draft.touchedGroups.add(order.target);
  return { outcome: 'done', text: `${order.target} is managed` };
}

function unmanage(draft: Draft, order: Order): Answer {
  dropPlan(draft, order.target, 'an operator takes it into his own hands');
  draft.setGroup({ ...draft.group(order.target), managed: false });
  draft.touchedGroups.add(order.target);
  return {
    outcome: 'done',
    text: `${order.target} is only watched; while it may be on a host, that host is not fenced by itself`,
  };
}

function cleanup(draft: Draft, order: Order): Answer {
  const group = draft.group(order.target);
  draft.setGroup({ ...group, failed: undefined, failures: [], avoid: new Map() });
  for (const [host, onHost] of group.known) {
    for (const [resource, known] of onHost) {
      if (known.doubt !== 'stop-failed') continue;
      draft.setKnown(order.target, host, resource, {
        ...known,
        doubt: 'unfinished',
        status: 'unknown',
      });
    }
  }
  draft.touchedGroups.add(order.target);
  return { outcome: 'done', text: `the failures of ${order.target} are forgotten` };
}

function homeOf(draft: Draft, group: GroupName): string {
  return draft.groupSpec(group).homeHost;
}

function touchGroups(draft: Draft, host: string): void {
  draft.touchedHosts.add(host);
  for (const group of draft.layout.groupsOf.get(host) ?? []) draft.touchedGroups.add(group);
}

function isGroupVerb(draft: Draft, order: Order): boolean {
  if (order.verb === 'failback') return draft.state.groups.has(order.target);
  return ['manage', 'unmanage', 'cleanup'].includes(order.verb);
}

function noHost(order: Order): Answer {
  return { outcome: 'failed', text: `no such host: ${order.target}` };
}

/** A group is known by its root. */
function noGroup(draft: Draft, { target }: Order): Answer {
  const groups = [...draft.spec.groups.values()];
  const group = groups.find(({ resources }) => resources.some(({ name }) => name === target));
  const hint = group === undefined ? '' : `; it is a resource of group ${group.name}`;
  return { outcome: 'failed', text: `no such group: ${target}${hint}` };
}

function refused(text: string): Answer {
  return { outcome: 'refused', text };
}
