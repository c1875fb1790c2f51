// SPDX-License-Identifier: Apache-2.0
/**
 * What a dry run tells is what the real run does: in simulated clusters in which nothing fails, random
 * orders are first foreseen and then given, and the plan is compared with what the manager commanded.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../../src/kernel/random.ts';
import { foresight } from '../../src/ha/core/foresight.ts';
import type { Act } from '../../src/ha/core/foreseen-world.ts';
import { VERBS, type HaCommand, type Verb } from '../../src/ha/core/messages.ts';
import type { ClusterSpec } from '../../src/ha/core/spec.ts';
import type { ClusterState } from '../../src/ha/core/state.ts';
import { drawShape } from '../../src/ha/sim/cluster-shapes.ts';
import { World, type Fate } from '../../src/ha/sim/world.ts';

const CLUSTERS = 40;
const ORDERS = 16;
/** Orders that bring hosts and groups back come more often, so that there is always something to move. */
const DRAWN: readonly Verb[] = [
  ...(['failback', 'failback', 'activate', 'manage', 'power-on', 'reset'] as const),
  ...VERBS,
];
const SETTLE_MS = 240_000;
const GROUP_VERBS: readonly string[] = ['manage', 'unmanage', 'cleanup'];

/** Scripts and devices take their time, as chance has it, and none fails. */
function wellFate(random: Random): Fate {
  return {
    conduct: (operation) => ({
      durationMs: operation === 'monitor' ? random.between(5, 100) : random.between(50, 2_000),
      exit: 0,
      effectShare: random.next(),
      hangs: false,
      unkillable: false,
    }),
    monitorFails: () => false,
    delayed: () => 0,
    late: () => undefined,
    commitMs: () => 1,
    crashes: () => false,
    device: () => undefined,
    downMs: () => undefined,
  };
}

type Told = Pick<Act, 'action' | 'host' | 'resource' | 'device' | 'group'>;

/** What of a command is an act on the cluster. */
function actOf(spec: ClusterSpec, command: HaCommand): Told | undefined {
  if (command.type === 'power' && command.action !== 'status') {
    const { host, device, action } = command;
    return { action: `power-${action}`, host, device };
  }
  if (command.type !== 'operate' || command.operation === 'monitor') return undefined;
  const { operation: action, host, resource } = command;
  const group = [...spec.groups.values()].find((one) =>
    one.resources.some(({ name }) => name === resource),
  );
  return { action, host, resource, group: group?.name ?? '' };
}

/**
 * The order of two acts means nothing when they are of different groups, or of two resources of which
 * neither stands on the other. Whatever switches power comes before or after everything else for good.
 */
function commute(spec: ClusterSpec, a: Told, b: Told): boolean {
  if (a.resource === undefined || b.resource === undefined) return false;
  if (a.group !== b.group) return true;
  if (a.resource === b.resource) return false;
  return !standsOn(spec, a, b) && !standsOn(spec, b, a);
}

function standsOn(spec: ClusterSpec, upper: Told, lower: Told): boolean {
  const resources = spec.groups.get(upper.group ?? '')?.resources ?? [];
  let at = resources.find(({ name }) => name === upper.resource)?.parent;
  while (at !== undefined) {
    if (at === lower.resource) return true;
    at = resources.find(({ name }) => name === at)?.parent;
  }
  return false;
}

/** One form for all orders that differ only by swaps of acts that commute: always the least act that may come next. */
function canonical(spec: ClusterSpec, acts: readonly Told[]): string[] {
  const left = acts.map((act) => ({
    act,
    text: `${act.action} ${act.resource ?? act.device ?? ''} on ${act.host}`,
  }));
  const ordered: string[] = [];
  while (left.length > 0) {
    const free = left.filter((one, index) =>
      left.slice(0, index).every((earlier) => commute(spec, earlier.act, one.act)),
    );
    const next = free.reduce((least, one) => (one.text < least.text ? one : least));
    left.splice(left.indexOf(next), 1);
    ordered.push(next.text);
  }
  return ordered;
}

/** Those for which the order is worth giving; all, where there are none. */
function targetsOf(verb: Verb, spec: ClusterSpec, state: ClusterState): string[] {
  const hosts = [...state.hosts.values()];
  const away = [...state.groups.values()].filter(
    ({ name, lastHost }) => lastHost !== spec.groups.get(name)?.homeHost,
  );
  const worth: Partial<Record<Verb, readonly { readonly name: string }[]>> = {
    failback: away,
    activate: hosts.filter(({ active }) => !active),
    reset: hosts.filter(({ fencedAt }) => fencedAt !== undefined),
    'power-on': hosts.filter(({ off }) => off !== undefined),
    manage: [...state.groups.values()].filter(({ managed }) => !managed),
  };
  const wanted = (worth[verb] ?? []).map(({ name }) => name);
  if (wanted.length > 0) return wanted;
  return [...(GROUP_VERBS.includes(verb) ? spec.groups : spec.hosts).keys()];
}

function compare(seed: number): number {
  const random = new Random(seed);
  const { spec, supplies } = drawShape(random.fork('shape'));
  const world = new World({ spec, supplies }, random.fork('world'), wellFate(random.fork('fate')));
  const foresee = foresight(spec);
  const did: Told[] = [];
  world.onCommand = (command) => {
    const act = actOf(spec, command);
    if (act !== undefined) did.push(act);
  };
  for (const host of world.all) world.powerOn(host.name);
  world.manager.start();
  world.schedule.runUntil(SETTLE_MS);
  const draw = random.fork('orders');
  let compared = 0;
  for (let count = 1; count <= ORDERS; count++) {
    const verb = draw.pick(DRAWN);
    const { state } = world.manager;
    assert.ok(state !== undefined);
    const target = draw.pick(targetsOf(verb, spec, state));
    const force = draw.chance(0.6);
    const order = { id: '', verb, target, force, operator: '', reason: '' };
    const { outcome, text, plan } = foresee(state, order, world.schedule.now);
    did.length = 0;
    const id = world.order(verb, target, force);
    world.schedule.runUntil(world.schedule.now + SETTLE_MS);
    const what = `seed ${seed}, order ${count}: ${verb} ${target}${force ? ' --force' : ''}`;
    assert.equal(`${outcome}: ${text}`, world.answers.get(id), what);
    assert.deepEqual(canonical(spec, plan), canonical(spec, did), what);
    compared += did.length;
  }
  return compared;
}

test('a dry run tells what the real run then does, up to the order of acts that commute', () => {
  let compared = 0;
  for (let seed = 1; seed <= CLUSTERS; seed++) compared += compare(seed);
  assert.ok(compared > CLUSTERS, `only ${compared} acts`);
});
