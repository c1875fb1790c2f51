// SPDX-License-Identifier: Apache-2.0
/**
 * After a storm: everything is mended, and an operator does what the manager asks of him, and no
 * more. Then all must run again, where the manager says that it runs.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { GroupView, HostView, OrderRequest, Status } from '../../ha/contract.ts';
import type { Random } from '../../kernel/random.ts';
import type { WatchedTrial } from '../watched-trial.ts';
import type { Checker } from './checker.ts';
import { leftoversOf } from './host-processes.ts';
import { DEPENDENTS } from './plan.ts';
import type { Stage } from './stage.ts';

const WELL_WITHIN_MS = 120_000;
const ASK_EVERY_MS = 400;
/** Looks in a row at which all is well. */
const WELL_LOOKS = 3;
/** How long a host may need to answer before the operator pulls its plug. */
const PATIENCE_MS = 20_000;
/** Scripts and fence programs of a well cluster are younger. */
const SCRIPT_AGE_MAX_MS = 30_000;
const SCRIPTS = /Recorded|fence_\w+/;

export type CalmOptions = {
  readonly watched: WatchedTrial;
  readonly stage: Stage;
  readonly checker: Checker;
  readonly random: Random;
  readonly tell: (text: string) => void;
  readonly signal: AbortSignal;
};

/** How long it took until all was well, in milliseconds; undefined: it never was. */
export async function calm(options: CalmOptions): Promise<number | undefined> {
  const { watched, stage, checker, signal } = options;
  const begun = performance.now();
  const ageMs = (): number => performance.now() - begun;
  await stage.mendAll();
  let wellLooks = 0;
  let wrong: readonly string[] = [];
  while (!signal.aborted && ageMs() < WELL_WITHIN_MS) {
    const status = await watched.status();
    wrong = status === undefined ? ['the manager does not answer'] : wrongOf(status, options);
    wellLooks = wrong.length === 0 ? wellLooks + 1 : 0;
    if (wellLooks === WELL_LOOKS) return ageMs();
    if (wellLooks === 0) await help(status, options, ageMs());
    await sleep(ASK_EVERY_MS, undefined, { signal }).catch(() => undefined);
  }
  if (!signal.aborted) {
    checker.report(`not well: ${WELL_WITHIN_MS / 1_000} s after the storm: ${wrong.join('; ')}`);
  }
  return undefined;
}

function wrongOf(status: Status, options: CalmOptions): readonly string[] {
  const wrong = [
    ...(status.acting ? [] : ['the manager does not act']),
    ...status.hosts.flatMap(wrongWithHost),
    ...status.groups.flatMap((group) => wrongWithGroup(group, options)),
  ];
  if (wrong.length > 0) return wrong;
  const { everyHost } = options.stage;
  const scripts = everyHost.flatMap((host) => leftoversOf(host, SCRIPTS, SCRIPT_AGE_MAX_MS));
  return scripts.map((text) => `${text} is still there`);
}

function wrongWithHost(host: HostView): readonly string[] {
  const { name, status, active, armed, fence, devices, reason } = host;
  const unproven = devices.some(({ trust, power }) => trust !== 'proven' || power !== 'on');
  return [
    ...(status === 'online' ? [] : [`${name} is ${status} (${reason})`]),
    ...(active ? [] : [`${name} is deactivated`]),
    ...(armed ? [] : [`${name} is not armed`]),
    ...(fence === undefined ? [] : [`${name} is fenced: ${fence.phase}`]),
    ...(unproven ? [`a device of ${name} is not believed`] : []),
  ];
}

/** What the manager says, and what the world does: they must be the same. */
function wrongWithGroup(group: GroupView, { stage, checker }: CalmOptions): readonly string[] {
  const { name, status, host = 'nowhere', managed, reason } = group;
  if (status !== 'running' || !managed) return [`${name} is ${status} (${reason})`];
  return [name, `${name}-${DEPENDENTS}`].flatMap((resource) => {
    const logged = stage.trial.holders(resource).join(' and ') || 'nowhere';
    const found = checker.holders(resource).join(' and ') || 'nowhere';
    if (logged === host && found === host) return [];
    return [
      `${resource} is said to run on ${host}, by the log it does on ${logged}, found: ${found}`,
    ];
  });
}

async function help(
  status: Status | undefined,
  options: CalmOptions,
  ageMs: number,
): Promise<void> {
  const { stage } = options;
  const { manager } = stage.trial;
  if (!manager.isOn) await stage.alone(manager.name, () => manager.powerOn());
  for (const host of status?.hosts ?? []) await helpHost(host, options, ageMs);
  for (const group of status?.groups ?? []) await helpGroup(group, status, options);
}

async function helpHost(view: HostView, options: CalmOptions, ageMs: number): Promise<void> {
  const { stage } = options;
  const { name, fence, status, notFenced, devices } = view;
  if (!view.active) await order('activate', name, options);
  const waits = fence?.phase === 'held' || fence?.phase === 'pause';
  const asks = waits || (status === 'silent' && notFenced !== undefined);
  if (stage.host(name).isOn) {
    if (asks && ageMs > PATIENCE_MS) await pullPlug(name, options);
    else if (!view.armed || devices.some(({ trust }) => trust === 'wrong'))
      await order('reset', name, options);
    return;
  }
  if (asks && options.random.chance(0.5)) {
    // Nobody switches it on between his look and his word.
    await stage.alone(name, async () => {
      if (!stage.host(name).isOn) await order('confirm-off', name, options);
    });
  } else if (fence === undefined || waits) await switchOn(name, options);
}

async function helpGroup(
  group: GroupView,
  status: Status | undefined,
  options: CalmOptions,
): Promise<void> {
  const { name, managed, resources } = group;
  if (!managed) await order('manage', name, options);
  const notFenced = new Set(
    status?.hosts.flatMap((host) => (host.notFenced === undefined ? [] : [host.name])),
  );
  const isStuck = resources.some(({ hosts }) =>
    hosts.some((known) => known.failed === true && notFenced.has(known.host)),
  );
  if (group.status === 'failed' || isStuck) await order('cleanup', name, options);
}

async function switchOn(host: string, options: CalmOptions): Promise<void> {
  if (options.random.chance(0.5)) return await order('power-on', host, options);
  options.tell(`${host} is plugged in`);
  // A fence that is under way may switch it off again meanwhile.
  const plug = (): Promise<void> => options.stage.host(host).powerOn();
  await options.stage.alone(host, plug).catch(() => undefined);
}

async function pullPlug(host: string, { stage, tell }: CalmOptions): Promise<void> {
  tell(`${host} is unplugged, since it is asked for`);
  await stage.alone(host, () => stage.host(host).powerOff());
}

async function order(
  verb: OrderRequest['verb'],
  target: string,
  options: CalmOptions,
): Promise<void> {
  const answer = await options.watched.order(verb, target).catch(() => undefined);
  options.tell(`${verb} ${target}: ${answer?.outcome ?? 'no answer'}`);
}
