// SPDX-License-Identifier: Apache-2.0
/**
 * Whom a storm gave the manager reason to switch off. Nobody else may be, whatever befell the manager:
 * it must not take its own trouble for that of a host.
 */
import { kindOf } from './faults.ts';
import type { PlannedOrder, Shape, Storm, Strike } from './plan.ts';

export function mayBeSwitchedOff(storm: Storm, shape: Shape): ReadonlySet<string> {
  return new Set([
    ...storm.orders.flatMap(blamedByOrder),
    ...storm.strikes.flatMap((strike) => blamedByStrike(strike, shape)),
  ]);
}

export function blamedByOrder({ verb, target }: PlannedOrder): readonly string[] {
  return verb === 'fence' || verb === 'power-off' ? [target] : [];
}

export function blamedByStrike({ fault, target }: Strike, { groups }: Shape): readonly string[] {
  const { on, silences } = kindOf(fault);
  if (on === 'host') return silences === true || fault === 'agentKill' ? [target] : [];
  if (on === 'manager') return [];
  // A stop of it may fail wherever the group may be.
  const group = groups.find(({ name }) => target === name || target.startsWith(`${name}-`));
  return group === undefined ? [] : [group.home, ...group.failover];
}
