// SPDX-License-Identifier: Apache-2.0
/** What an operator sees of the state: hosts, groups, and what he should look at now. */
import type { Instant } from '../../kernel/machine.ts';
import { armingOf } from './armed.ts';
import type { Known } from './knowledge.ts';
import type { ClusterSpec, GroupSpec } from './spec.ts';
import type { ClusterState, GroupState, HostState } from './state.ts';

export type HostLook = Readonly<{
  name: string;
  status: 'unheard' | 'online' | 'silent' | 'refused' | 'off';
  active: boolean;
  armed: boolean;
  /** When it is armed again by itself. */
  armedInMs?: number;
  boot?: string;
  heardMsAgo?: number;
  fence?: Readonly<{ cause: string; phase: string; sinceMsAgo: number }>;
  notFenced?: string;
  devices: readonly Readonly<{
    name: string;
    level: number;
    trust: 'unproven' | 'proven' | 'wrong';
    power: 'on' | 'off' | 'unknown';
    trouble?: string;
  }>[];
  reason: string;
}>;

export type GroupStatus =
  | 'running'
  | 'starting'
  | 'stopping'
  | 'stopped'
  | 'degraded'
  | 'waiting'
  | 'failed'
  | 'unknown'
  | 'conflict';

export type GroupLook = Readonly<{
  name: string;
  homeHost: string;
  failoverHosts: readonly string[];
  managed: boolean;
  status: GroupStatus;
  host?: string;
  movingTo?: string;
  reason: string;
  resources: readonly Readonly<{
    name: string;
    parent?: string;
    hosts: readonly Readonly<{
      host: string;
      status: Known['status'];
      failed?: true;
      text: string;
    }>[];
  }>[];
}>;

export type AlarmLook = Readonly<{ host?: string; group?: string; text: string }>;

export type ClusterLook = Readonly<{
  mode: 'observe' | 'manage';
  acting: boolean;
  hosts: readonly HostLook[];
  groups: readonly GroupLook[];
  alarms: readonly AlarmLook[];
}>;

export function viewCluster(spec: ClusterSpec, state: ClusterState, now: Instant): ClusterLook {
  const hosts = [...state.hosts.values()].map((host) => lookAtHost(spec, host, now));
  const groups = [...state.groups.values()].flatMap((group) => {
    const groupSpec = spec.groups.get(group.name);
    return groupSpec === undefined ? [] : [lookAtGroup(groupSpec, group, spec.mode)];
  });
  return {
    mode: spec.mode,
    acting: state.superseded === undefined,
    hosts,
    groups,
    alarms: alarmsOf(state, hosts, groups),
  };
}

const UNASKED = { trust: 'unproven', power: 'unknown', trouble: undefined } as const;

function lookAtHost(spec: ClusterSpec, host: HostState, now: Instant): HostLook {
  const { contact, fence, notFenced } = host;
  const levels = spec.hosts.get(host.name)?.levels ?? [];
  const heardAt =
    contact.status === 'unheard' || contact.heardAt === 0 ? undefined : contact.heardAt;
  return {
    name: host.name,
    status: host.off?.confirmed === true ? 'off' : contact.status,
    active: host.active,
    ...armingOf(spec.fencing, host, now),
    ...(host.boot === undefined ? {} : { boot: host.boot }),
    ...(heardAt === undefined ? {} : { heardMsAgo: Math.round(now - heardAt) }),
    ...(fence === undefined
      ? {}
      : {
          fence: {
            cause: fence.text,
            phase: fence.phase,
            sinceMsAgo: Math.round(now - fence.since),
          },
        }),
    ...(notFenced === undefined ? {} : { notFenced }),
    devices: levels.flatMap((devices, level) =>
      devices.map((name) => {
        const { trust, power, trouble } = host.devices.get(name) ?? UNASKED;
        return { name, level, trust, power, ...(trouble === undefined ? {} : { trouble }) };
      }),
    ),
    reason: reasonOf(host),
  };
}

function reasonOf(host: HostState): string {
  const { contact, fence, off, switched } = host;
  if (off?.confirmed === true && fence === undefined) {
    if (switched === 'on') return 'off, and told on by an operator';
    if (off.by === 'operator') return "off by an operator's word";
    return `${switched === 'off' ? 'switched off by an operator' : 'fenced'}: its devices say off`;
  }
  if (host.obeysOther !== undefined) return `its agent obeys another manager: ${host.obeysOther}`;
  if (fence !== undefined) return fence.heldBy ?? `is being fenced (${fence.phase}): ${fence.text}`;
  switch (contact.status) {
    case 'unheard':
      return 'has not answered since the manager started';
    case 'online':
      return 'answers';
    case 'silent':
      return 'does not answer; what it does is unknown';
    case 'refused':
      return 'its kernel lives, its agent does not answer';
  }
}

function lookAtGroup(spec: GroupSpec, group: GroupState, mode: ClusterSpec['mode']): GroupLook {
  const where = [...group.known].filter(([, onHost]) =>
    [...onHost.values()].some((known) => known.status === 'running'),
  );
  const host = where[0]?.[0] ?? (group.plan?.type === 'start' ? group.plan.host : undefined);
  const movingTo = group.plan?.type === 'move' ? group.plan.to : group.wanted;
  return {
    name: group.name,
    homeHost: spec.homeHost,
    failoverHosts: spec.failoverHosts,
    managed: group.managed,
    status: statusOf(spec, group, mode),
    ...(host === undefined ? {} : { host }),
    ...(movingTo === undefined ? {} : { movingTo }),
    reason: group.reason,
    resources: spec.resources.map((resource) => ({
      name: resource.name,
      ...(resource.parent === undefined ? {} : { parent: resource.parent }),
      hosts: [...group.known].map(([on, onHost]) => {
        const known = onHost.get(resource.name);
        return {
          host: on,
          status: known?.status ?? 'unknown',
          ...(hasFailed(known) ? { failed: true as const } : {}),
          text: known?.text ?? 'not asked yet',
        } as const;
      }),
    })),
  };
}

/** Not merely unseen: a script of it said no. */
function hasFailed(known: Known | undefined): boolean {
  return known?.doubt === 'failed' || known?.doubt === 'stop-failed';
}

export function statusOf(
  spec: GroupSpec,
  group: GroupState,
  mode: ClusterSpec['mode'],
): GroupStatus {
  const perHost = [...group.known.values()].map((onHost) =>
    spec.resources.map(({ name }) => onHost.get(name)?.status ?? 'unknown'),
  );
  const located = perHost.filter((all) => all.includes('running'));
  if (located.length > 1) return 'conflict';
  if (group.failed !== undefined) return 'failed';
  if (located[0]?.every((status) => status === 'running') === true) {
    return group.plan?.type === 'move' && group.plan.stopping ? 'stopping' : 'running';
  }
  if (group.plan?.type === 'start') return 'starting';
  if (group.plan?.type === 'move') return 'stopping';
  if (located.length === 1) return 'degraded';
  if (perHost.every((all) => all.every((status) => status === 'stopped'))) {
    return group.managed && mode === 'manage' ? 'waiting' : 'stopped';
  }
  return 'unknown';
}

function until({ name, armedInMs }: HostLook): string {
  const reset = `\`aureole reset ${name}\``;
  if (armedInMs === undefined) return `before ${reset}`;
  return `for ${Math.ceil(armedInMs / 1_000)} s (sooner with ${reset})`;
}

function alarmsOf(
  state: ClusterState,
  hosts: readonly HostLook[],
  groups: readonly GroupLook[],
): AlarmLook[] {
  const alarms: AlarmLook[] = [];
  if (state.superseded !== undefined)
    alarms.push({ text: `another manager has taken over: ${state.superseded}` });
  for (const group of groups) {
    if (state.groups.get(group.name)?.down?.told === true && group.status !== 'failed') {
      alarms.push({ group: group.name, text: `does not run: ${group.reason}` });
    }
    if (group.status === 'conflict' || group.status === 'failed') {
      alarms.push({ group: group.name, text: group.reason });
    }
  }
  for (const host of hosts) {
    const fence = state.hosts.get(host.name)?.fence;
    // One that waits for its turn is no alarm.
    const held = (fence?.round ?? 0) < 0 ? undefined : fence?.heldBy;
    if (held !== undefined) alarms.push({ host: host.name, text: held });
    else if (host.notFenced !== undefined)
      alarms.push({ host: host.name, text: `not fenced: ${host.notFenced}` });
    if (host.status === 'refused' && held === undefined)
      alarms.push({ host: host.name, text: host.reason });
    if (host.status === 'unheard') alarms.push({ host: host.name, text: host.reason });
    if (!host.armed)
      alarms.push({
        host: host.name,
        text: `was fenced: not fenced again by itself ${until(host)}`,
      });
    for (const device of host.devices) {
      if (device.trust === 'wrong')
        alarms.push({
          host: host.name,
          text: `fence device ${device.name} says off while the host answers`,
        });
    }
  }
  return alarms;
}
