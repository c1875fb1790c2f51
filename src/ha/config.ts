// SPDX-License-Identifier: Apache-2.0
/**
 * Reads the configuration file: all of it or nothing, and all mistakes at once, each with its place
 * and its remedy. HALO's documented files are valid ones.
 */
import { DEFAULT_PORT } from '../model/agent-port.ts';
import { AureoleError, messageOf } from '../kernel/error.ts';
import { parseConfigDocument, type PlacedMistake } from './config/document.ts';
import { findDoubts } from './config/doubts.ts';
import { buildGroups } from './config/groups.ts';
import { buildHosts, type HostRules, type Hosts, type NetworkAddress } from './config/hosts.ts';
import type { Mistake } from './config/mistakes.ts';
import { buildNodeGroups } from './config/node-groups.ts';
import { readTextFile, type FileText } from './config/read-file.ts';
import { readEntries, type Entries } from './config/references.ts';
import type { HaSection, ResourceEntry } from './config/schema.ts';
import type { Operation } from './core/messages.ts';
import {
  listOf,
  type ClusterSpec,
  type DeviceName,
  type FencingSpec,
  type GroupSpec,
  type HostName,
  type ResourceName,
} from './core/spec.ts';
import type { FenceDevice } from './fencing/contract.ts';

export type ResourceSettings = {
  readonly kind: string;
  readonly parameters: Readonly<Record<string, string>>;
  /** In milliseconds; absent: what the script's meta-data say. */
  readonly timeouts: Readonly<Partial<Record<Operation, number>>>;
  readonly monitorIntervalMs: number;
};

export type HaConfig = {
  readonly path: string;
  readonly spec: ClusterSpec;
  readonly hosts: ReadonlyMap<HostName, NetworkAddress>;
  readonly resources: ReadonlyMap<ResourceName, ResourceSettings>;
  readonly devices: ReadonlyMap<DeviceName, FenceDevice>;
  readonly witness?: NetworkAddress;
  /** Names for nodesets, `@oss` on the command line; the nodeset as it stands in the file. */
  readonly nodeGroups: ReadonlyMap<string, string>;
  /** The Unix group whose members may give orders; absent: root only. */
  readonly operators?: string;
};

const FILE_BYTES_MAX = 8 * 1024 * 1024;
const MISTAKES_TOLD = 50;

export type ConfigInvalid = {
  readonly code: 'config-invalid';
  readonly path: string;
  readonly mistakes: readonly PlacedMistake[];
};

export type InspectedConfig = {
  readonly config: HaConfig;
  /** Legal, and rarely wanted. */
  readonly doubts: readonly PlacedMistake[];
};

/** Throws an AureoleError with the code `config-invalid`. `agentPort`: of hosts that name none. */
export function loadConfig(path: string, agentPort: number = DEFAULT_PORT): HaConfig {
  return inspectConfig(path, agentPort).config;
}

/** As `loadConfig`, for who wants to know more than whether it can be used. */
export function inspectConfig(path: string, agentPort: number): InspectedConfig {
  const file = readConfigFile(path);
  const document = parseConfigDocument(file.text);
  if (document.mistakes.length > 0) throw invalid(path, document.mistakes);
  const mistakes: Mistake[] = [];
  const entries = readEntries(document.value, mistakes);
  const rules: HostRules = { configIsSecret: file.ownerOnly, agentPort };
  const config = buildConfig(path, entries, rules, mistakes);
  if (mistakes.length > 0) throw invalid(path, mistakes.map(document.place));
  const doubts = findDoubts(entries, config.spec.groups);
  return { config, doubts: inOrder(doubts.map(document.place)) };
}

function inOrder(places: readonly PlacedMistake[]): readonly PlacedMistake[] {
  return places.toSorted((a, b) => a.line - b.line || a.col - b.col);
}

function readConfigFile(path: string): FileText {
  try {
    return readTextFile(path, FILE_BYTES_MAX);
  } catch (error) {
    const details: ConfigInvalid = { code: 'config-invalid', path, mistakes: [] };
    throw new AureoleError(`configuration file ${path} ${messageOf(error)}`, details, {
      effect: 'none',
      cause: error,
    });
  }
}

function invalid(path: string, found: readonly PlacedMistake[]): AureoleError<ConfigInvalid> {
  const mistakes = inOrder(found);
  const told = mistakes
    .slice(0, MISTAKES_TOLD)
    .map(({ line, col, text }) => `${path}:${line}:${col}: ${text}`);
  const more = mistakes.length - told.length;
  if (more > 0) told.push(`${path}: and ${more} more mistakes`);
  const details: ConfigInvalid = { code: 'config-invalid', path, mistakes };
  return new AureoleError(told.join('\n'), details, { effect: 'none' });
}

function buildConfig(
  path: string,
  entries: Entries,
  rules: HostRules,
  mistakes: Mistake[],
): HaConfig {
  const { ha } = entries;
  const hosts = buildHosts(entries, rules, mistakes);
  const groups = buildGroups(entries, mistakes);
  checkAcrossSections(entries, groups, hosts, mistakes);
  return {
    path,
    spec: buildSpec(entries, hosts, groups),
    hosts: hosts.addresses,
    resources: new Map(entries.resources.map(({ entry }) => [entry.name, settingsOf(entry, ha)])),
    devices: hosts.devices,
    ...(ha.witness === undefined ? {} : { witness: ha.witness }),
    nodeGroups: buildNodeGroups(entries.nodeGroups, mistakes),
    ...(ha.operators === undefined ? {} : { operators: ha.operators }),
  };
}

function checkAcrossSections(
  entries: Entries,
  groups: ReadonlyMap<string, GroupSpec>,
  hosts: Hosts,
  mistakes: Mistake[],
): void {
  const { hostNames, ha } = entries;
  for (const { entry, path } of entries.groups) {
    if (hostNames.has(entry.root)) {
      const text = `"${entry.root}" is a host's name too, and commands could not tell them apart: rename the resource`;
      mistakes.push({ path: [...path, 'root'], at: 'value', text });
    }
    const group = groups.get(entry.root);
    if (group === undefined || group.failoverHosts.length === 0) continue;
    const unfenced = listOf(group).filter((host) => hosts.specs.get(host)?.levels.length === 0);
    if (unfenced.length === 0) continue;
    const text = `group "${entry.root}" could never fail over safely, since ${unfenced.join(', ')} cannot be fenced: give ${unfenced.length > 1 ? 'these hosts' : 'this host'} fencing, or the group no failover_hosts`;
    mistakes.push({ path: [...path, 'failover_hosts'], at: 'value', text });
  }
  if (ha.manager_host !== undefined && !hostNames.has(ha.manager_host)) {
    const text = `unknown host "${ha.manager_host}": write one of hosts, or remove the key if the manager runs elsewhere`;
    mistakes.push({ path: ['ha', 'manager_host'], at: 'value', text });
  }
  const witness = ha.witness?.address ?? '';
  const asWitness = [...hosts.addresses].find(([name, { address }]) => {
    return name === witness || address === witness;
  });
  if (asWitness !== undefined) {
    const text = `the witness is host "${asWitness[0]}", which may be the one that fails: name an address outside of the cluster, a router for instance`;
    mistakes.push({ path: ['ha', 'witness', 'address'], at: 'value', text });
  }
}

function settingsOf(entry: ResourceEntry, ha: HaSection): ResourceSettings {
  const { start, stop, monitor } = entry.timeouts;
  return {
    kind: entry.kind,
    parameters: entry.parameters,
    timeouts: {
      ...(start === undefined ? {} : { start }),
      ...(stop === undefined ? {} : { stop }),
      ...(monitor === undefined ? {} : { monitor }),
    },
    monitorIntervalMs: entry.monitor_interval ?? ha.monitor_interval,
  };
}

function buildSpec(
  { ha, hostNames }: Entries,
  { specs, devices }: Hosts,
  groups: ReadonlyMap<string, GroupSpec>,
): ClusterSpec {
  const managerHost = hostNames.get(ha.manager_host ?? '');
  return {
    mode: ha.mode,
    heartbeatTimeoutMs: ha.heartbeat_timeout,
    agentTimeoutMs: ha.agent_timeout,
    onAgentTimeout: ha.on_agent_timeout,
    restartAttempts: ha.restart_attempts,
    restartWindowMs: ha.restart_window,
    ...(managerHost === undefined ? {} : { managerHost }),
    witness: ha.witness !== undefined,
    fencing: fencingSpec(ha.fencing, [...devices.values()]),
    hosts: specs,
    groups,
  };
}

function fencingSpec(fencing: HaSection['fencing'], devices: readonly FenceDevice[]): FencingSpec {
  // The core waits as long as the slowest device may take with all its retries.
  const slowest = devices.map((device) => device.timeoutMs * (1 + device.retries));
  return {
    timeoutMs: Math.max(fencing.timeout, ...slowest),
    retryMs: fencing.retry,
    checkMs: fencing.check,
    maxConcurrent: fencing.max_concurrent,
    maxPerHour: fencing.max_per_hour,
    ...(fencing.rearm === undefined ? {} : { rearmMs: fencing.rearm }),
    onReached: fencing.on_reached,
  };
}
