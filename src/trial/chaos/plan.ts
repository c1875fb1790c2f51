// SPDX-License-Identifier: Apache-2.0
/**
 * Storms drawn from a seed: what happens when, to whom, for how long. All of it is drawn before
 * anything is done, so that a seed gives the same storms whatever the machine makes of them.
 */
import type { Random } from '../../kernel/random.ts';
import { MANAGER } from '../../lab/cluster.ts';
import type { TrialGroup } from '../configuration.ts';
import { blamedByOrder, blamedByStrike } from './blame.ts';
import { ENDS_THE_MANAGER, FAULT_NAMES, kindOf, type FaultName } from './faults.ts';

export type Shape = {
  readonly hosts: readonly string[];
  readonly groups: readonly TrialGroup[];
  /** All of them, by group. */
  readonly resources: readonly string[];
  /** Keys of `ha` in the configuration. */
  readonly ha: Readonly<Record<string, unknown>>;
};

export type Strike = {
  readonly atMs: number;
  readonly forMs: number;
  readonly fault: FaultName;
  /** A host, the manager's among them, or a resource. */
  readonly target: string;
};

export type OrderVerb = (typeof HOST_VERBS)[number] | (typeof GROUP_VERBS)[number];
export type PlannedOrder = {
  readonly atMs: number;
  readonly verb: OrderVerb;
  readonly target: string;
  readonly force: boolean;
};

export type Storm = {
  readonly forMs: number;
  readonly strikes: readonly Strike[];
  readonly orders: readonly PlannedOrder[];
};

const HOSTS_MIN = 4;
const HOSTS_MAX = 8;
export const DEPENDENTS = 1;
const STORM_MS = [15_000, 35_000] as const;
/** So many are drawn; those that cannot be are left out. */
const STRIKES = [3, 24] as const;
const ORDERS = [0, 8] as const;
/** Of each fault, in a storm: many are wholly absent, since faults that are always there hide each other. */
const PRESENCE = 0.5;
const HOST_VERBS = [
  ...['activate', 'deactivate', 'failback', 'fence', 'reset', 'confirm-off'],
  ...['power-on', 'power-off'],
] as const;
const TAKES_FORCE: ReadonlySet<OrderVerb> = new Set(['fence', 'confirm-off', 'power-off']);
const GROUP_VERBS = ['manage', 'unmanage', 'cleanup', 'failback'] as const;

/** As many hosts as are given, or drawn; each is home to a group that one or two others may take. */
export function drawShape(random: Random, hostCount?: number): Shape {
  const count = hostCount ?? random.between(HOSTS_MIN, HOSTS_MAX);
  const hosts = Array.from({ length: count }, (_, i) => `h${i + 1}`);
  const groups = hosts.map((home, i) => {
    const others = hosts.filter((host) => host !== home);
    const first = random.pick(others);
    const second = random.pick(others.filter((host) => host !== first));
    return { name: `g${i + 1}`, home, failover: random.chance(0.5) ? [first] : [first, second] };
  });
  const resources = groups.flatMap(({ name }) => [name, `${name}-${DEPENDENTS}`]);
  const ha = { on_agent_timeout: random.pick(['alarm', 'fence']) };
  return { hosts, groups, resources, ha };
}

/** `sparing`: the manager's process and the last host's live on, so that their memory can be watched. */
export function planStorm(random: Random, shape: Shape, sparing: boolean): Storm {
  const forMs = random.between(...STORM_MS);
  const mix = random.fork('mix');
  const present = FAULT_NAMES.filter((fault) => {
    const isDrawn = mix.chance(PRESENCE);
    return isDrawn && !(sparing && ENDS_THE_MANAGER.has(fault));
  });
  const liar = present.includes('bmcLies') ? random.pick(shape.hosts) : undefined;
  const spared = sparing ? shape.hosts.at(-1) : undefined;
  const tries = Array.from({ length: random.between(...STRIKES) }, () =>
    drawStrike(random, shape, present, forMs),
  ).flatMap((strike) => strike ?? []);
  const strikes = tries
    .filter((strike) => canBeFoundOut(strike, liar))
    .filter((strike) => spared === undefined || !blamedByStrike(strike, shape).includes(spared))
    .toSorted((a, b) => a.atMs - b.atMs)
    .reduce<readonly Strike[]>(withoutDoubles, []);
  const orders = Array.from({ length: random.between(...ORDERS) }, () =>
    drawOrder(random, shape, forMs),
  )
    .filter((order) => spared === undefined || !blamedByOrder(order).includes(spared))
    .toSorted((a, b) => a.atMs - b.atMs);
  return { forMs, strikes, orders };
}

function drawStrike(
  random: Random,
  shape: Shape,
  present: readonly FaultName[],
  stormMs: number,
): Strike | undefined {
  const weighted = present.flatMap((fault) =>
    Array.from({ length: kindOf(fault).weight }, () => fault),
  );
  if (weighted.length === 0) return undefined;
  const fault = random.pick(weighted);
  const { on, lastsMs } = kindOf(fault);
  const targets = { host: shape.hosts, resource: shape.resources, manager: [MANAGER] }[on];
  const atMs = random.between(0, stormMs);
  const forMs = random.between(...lastsMs);
  return { atMs, forMs, fault, target: random.pick(targets) };
}

/** A lie about a host that nobody hears cannot be found out: see ADR 1. */
function canBeFoundOut({ fault, target }: Strike, liar: string | undefined): boolean {
  if (fault === 'bmcLies') return target === liar;
  if (liar === undefined || kindOf(fault).silences !== true) return true;
  return kindOf(fault).on === 'host' && target !== liar;
}

/** What has befallen somebody already does so again only when it is over. */
function withoutDoubles(strikes: readonly Strike[], next: Strike): readonly Strike[] {
  const doubled = strikes.some(
    (one) => slotOf(one) === slotOf(next) && one.atMs + one.forMs >= next.atMs,
  );
  return doubled ? strikes : [...strikes, next];
}

/** What can hold one fault at a time. */
function slotOf({ fault, target }: Strike): string {
  if (kindOf(fault).on === 'resource' && fault !== 'resourceDies') return `script ${target}`;
  if (fault.startsWith('bmc')) return `bmc ${target}`;
  return `${fault} ${target}`;
}

function drawOrder(random: Random, shape: Shape, stormMs: number): PlannedOrder {
  const atMs = random.between(0, stormMs);
  const isForced = random.chance(0.3);
  if (random.chance(0.5)) {
    const verb = random.pick(HOST_VERBS);
    const target = random.pick(shape.hosts);
    return { atMs, verb, target, force: isForced && TAKES_FORCE.has(verb) };
  }
  const { name: target } = random.pick(shape.groups);
  return { atMs, verb: random.pick(GROUP_VERBS), target, force: false };
}
