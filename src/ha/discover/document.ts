// SPDX-License-Identifier: Apache-2.0
/**
 * The findings as a configuration that can be loaded once its blanks are filled in. What a host has
 * said is quoted where YAML asks for it, and in comments it is one line.
 */
import { stringify } from 'yaml';
import { printableLine } from '../../model/printable.ts';
import type { FoundCluster, FoundGroup, FoundHost } from './cluster.ts';
import type { Target } from './findings.ts';

export type HostTrouble = { readonly host: string; readonly why: string };

export function renderDocument(
  hosts: readonly FoundHost[],
  troubles: readonly HostTrouble[],
  { groups, notes }: FoundCluster,
): string {
  const all = [
    ...troubles.map(({ host, why }) => `MISSING: host ${host} could not be asked: ${why}`),
    ...notes,
    ...hosts.flatMap(({ host, findings }) => findings.notes.map((note) => `${host}: ${note}`)),
  ];
  return [
    ...HEAD,
    ...all.map((note) => `# - ${printableLine(note)}`),
    ...list('hosts', hosts.flatMap(hostLines)),
    ...list('resources', groups.flatMap(resourceLines)),
    ...list('resource_groups', groups.flatMap(groupLines)),
  ].join('\n');
}

const HEAD = [
  '# Found by aureole discover. Before it is used:',
  '# - fill in the fence device of each host, and take away the # before it',
  '# - check home_host, which is where it runs now, and fill in failover_hosts',
  '# - aureole validate --config FILE',
];

function list(key: string, items: readonly string[]): readonly string[] {
  return items.length === 0 ? ['', `${key}: []`] : ['', `${key}:`, ...items];
}

function hostLines({ host, findings: { bmc } }: FoundHost): readonly string[] {
  const address = bmc ?? 'ADDRESS_OF_ITS_BMC';
  const parameters = `{ ip: ${address}, lanplus: '1', username: USER }`;
  const secrets = '{ password: /etc/aureole/FILE_WITH_THE_PASSWORD }';
  const found = bmc === undefined ? 'It told no BMC.' : 'Its BMC told this address.';
  return [
    `  - hostname: ${scalar(host)}`,
    `    # ${found} Any fence_* program that switches power will do.`,
    `    # fencing: [[{ name: ipmi, agent: fence_ipmilan, parameters: ${parameters}, secrets: ${secrets} }]]`,
  ];
}

function resourceLines({ pool, targets }: FoundGroup): readonly string[] {
  if (pool === undefined) return targets.flatMap(targetLines);
  const dependents = targets.map(({ device }) => scalar(device)).join(', ');
  const none =
    '    # No Lustre target is mounted from it: remove it and its group if it is the host’s own.';
  return [
    `  - name: ${scalar(pool)}`,
    ...(targets.length === 0 ? [none] : []),
    '    kind: heartbeat/ZFS',
    `    parameters: { pool: ${scalar(pool)} }`,
    ...(targets.length === 0 ? [] : [`    dependents: [${dependents}]`]),
    ...targets.flatMap(targetLines),
  ];
}

function targetLines({ device, mountpoint, type }: Target): readonly string[] {
  return [
    `  - name: ${scalar(device)} # ${type.toUpperCase()}`,
    '    kind: lustre/Lustre',
    `    parameters: { target: ${scalar(device)}, mountpoint: ${scalar(mountpoint)} }`,
  ];
}

function groupLines({ pool, targets, homeHost, failoverHosts }: FoundGroup): readonly string[] {
  const seen = failoverHosts.map(scalar).join(', ');
  const remark = failoverHosts.length === 0 ? 'fill in' : 'it sees the disks of the pool';
  return [
    `  - root: ${scalar(pool ?? targets[0]?.device ?? '')}`,
    `    home_host: ${scalar(homeHost)}`,
    `    failover_hosts: [${seen}] # ${remark}`,
  ];
}

/** On one line, also within braces. */
function scalar(text: string): string {
  const plain = /^[A-Za-z_/][A-Za-z0-9_./-]*$/.test(text);
  return plain && stringify(text).trim() === text ? text : JSON.stringify(text);
}
