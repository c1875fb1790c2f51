// SPDX-License-Identifier: Apache-2.0
/**
 * What an order would lead to if it were given now and nothing failed: the core itself, played
 * forward on a copy of its state. What would be done without the order is played too, and is not the
 * order's. Nothing is recorded and nothing goes out.
 */
import type { Instant } from '../../kernel/machine.ts';
import { haMachine } from './cluster-machine.ts';
import { ForeseenWorld, type Act } from './foreseen-world.ts';
import type { Answer, Order } from './messages.ts';
import type { ClusterSpec, GroupSpec } from './spec.ts';
import type { ClusterState } from './state.ts';

export type Foresight = Answer & Readonly<{ plan: readonly Act[] }>;
export type Foresee = (state: ClusterState, order: Order, now: Instant) => Foresight;

export function foresight(spec: ClusterSpec): Foresee {
  const calm = withoutOverdue(spec);
  return (state, order, now) => {
    const machine = haMachine(calm, state.epoch);
    const world = new ForeseenWorld(machine, calm, state, now);
    const { outcome, text } = world.give(order);
    if (outcome === 'refused' || outcome === 'failed') return { outcome, text, plan: [] };
    const isWhole = world.play();
    const without = new ForeseenWorld(machine, calm, state, now);
    const isAll = (without.isQuiet || without.play(world.now)) && isWhole;
    const plan = leftOf(world.acts, without.acts);
    const dueAnyway = world.acts.length - plan.length;
    const notes = [
      ...(dueAnyway > 0 ? [`left out, since it is due anyway: ${dueAnyway}`] : []),
      ...(isAll ? [] : ['too much is under way to tell all of it: ask again when it has settled']),
    ];
    return { outcome, text: [text, ...notes].join('; '), plan };
  };
}

/** Monitors go on in time in a world in which nothing fails: what is known stays known. */
function withoutOverdue(spec: ClusterSpec): ClusterSpec {
  const keep = (group: GroupSpec): GroupSpec => ({
    ...group,
    resources: group.resources.map((one) => ({ ...one, monitorOverdueMs: Infinity })),
  });
  return { ...spec, groups: new Map([...spec.groups].map(([name, one]) => [name, keep(one)])) };
}

/** All but those that are in the other list, as often as they are. */
function leftOf(acts: readonly Act[], others: readonly Act[]): Act[] {
  const counts = new Map<string, number>();
  for (const act of others) counts.set(keyOf(act), (counts.get(keyOf(act)) ?? 0) + 1);
  return acts.filter((act) => {
    const count = counts.get(keyOf(act)) ?? 0;
    if (count > 0) counts.set(keyOf(act), count - 1);
    return count === 0;
  });
}

function keyOf({ action, host, resource, device }: Act): string {
  return `${action} ${host} ${resource ?? device ?? ''}`;
}
