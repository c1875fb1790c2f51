// SPDX-License-Identifier: Apache-2.0
/** Shows a configuration, and what differs between two, as lines for people. */
import { printableLine } from '../../model/printable.ts';
import type { Look } from '../../runtime/command.ts';
import type { Change, Difference } from '../config/differences.ts';
import type { ConfigView } from '../contract.ts';
import type { Validation } from './validate.ts';

export function renderValidation(validation: Validation, look: Look): string {
  const { path, mistakes, warnings, config, differences } = validation;
  const lines = mistakes.map((text) => look.paint('red', printableLine(text)));
  if (differences !== undefined) lines.push(...differenceLines(differences, path, look));
  else if (config !== undefined) lines.push(`${path}:`, '', ...configLines(config, look));
  if (warnings.length > 0) lines.push('', look.paint('bold', 'warnings'));
  lines.push(...warnings.map((text) => `  ${look.paint('yellow', printableLine(text))}`));
  if (config !== undefined) return lines.join('\n');
  const count = mistakes.length === 1 ? 'a mistake' : 'mistakes';
  return [...lines, '', `${path} has ${count}: no manager starts with it`].join('\n');
}

function configLines(view: ConfigView, look: Look): string[] {
  const section = (title: string, lines: readonly string[]): string[] =>
    lines.length === 0 ? [] : [look.paint('bold', title), ...lines.map(printIndented), ''];
  const members = Map.groupBy(view.resources, ({ group }) => group);
  const idle = members.get(undefined) ?? [];
  const lines = [
    ...section('hosts', view.hosts.flatMap(hostLines)),
    ...section(
      'resource groups',
      view.groups.flatMap((group) => groupLines(group, members.get(group.name))),
    ),
    ...section('resources in no group', idle.map(resourceLine)),
    ...section(
      'node groups',
      pairs(view.nodeGroups, (name, text) => `@${name} = ${text}`),
    ),
    ...section(
      'ha',
      pairs(view.settings, (key, text) => `${key}: ${text}`),
    ),
  ];
  return lines.slice(0, -1);
}

/** Two blanks before what was indented already. */
function printIndented(line: string): string {
  const indent = /^ */.exec(line)?.[0] ?? '';
  return `  ${indent}${printableLine(line)}`;
}

function hostLines({ name, address, port, devices }: ConfigView['hosts'][number]): string[] {
  const fencing = devices.map((device) => {
    const { level, agent, parameters, timeout, retries } = device;
    return `  level ${level}: ${device.name}  ${told(agent, parameters)}  timeout ${timeout}, retries ${retries}`;
  });
  const lines = fencing.length > 0 ? fencing : ['  no fence device'];
  return [`${name}  ${address} port ${port}`, ...lines];
}

function groupLines(
  group: ConfigView['groups'][number],
  members: ConfigView['resources'] = [],
): string[] {
  const { name, homeHost, failoverHosts, startAfter } = group;
  const failover = failoverHosts.length === 0 ? 'none' : failoverHosts.join(', ');
  const after = startAfter.length === 0 ? '' : `, after ${startAfter.join(', ')}`;
  const depths = new Map<string, number>();
  const resources = members.map((resource) => {
    const depth = 1 + (depths.get(resource.parent ?? '') ?? 0);
    depths.set(resource.name, depth);
    return `${'  '.repeat(depth)}${resourceLine(resource)}`;
  });
  return [`${name}  home ${homeHost}, failover ${failover}${after}`, ...resources];
}

function resourceLine(resource: ConfigView['resources'][number]): string {
  const { name, kind, parameters, timeouts, monitorInterval } = resource;
  const limits = pairs(timeouts, (key, text) => `, ${key} within ${text}`).join('');
  return `${name}  ${told(kind, parameters)}  watched every ${monitorInterval}${limits}`;
}

function told(script: string, parameters: Readonly<Record<string, string>>): string {
  return [script, ...pairs(parameters, (key, text) => `${key}=${text}`)].join(' ');
}

function pairs(
  texts: Readonly<Record<string, string>>,
  line: (key: string, text: string) => string,
): string[] {
  return Object.entries(texts).map(([key, text]) => line(key, text));
}

function differenceLines(differences: readonly Difference[], path: string, look: Look): string[] {
  if (differences.length === 0) {
    return [`the running manager uses what ${path} says (passwords are not compared)`];
  }
  return [
    `- the running manager   + ${path}   (passwords are not compared)`,
    ...differences.flatMap(({ object, changes }) => [
      look.paint('bold', printableLine(object)),
      ...changes.map((change) => changeLine(change, look)),
    ]),
  ];
}

function changeLine({ key, running, file }: Change, look: Look): string {
  const line = (sign: string, text: string): string => `  ${sign} ${printableLine(text)}`;
  if (running === undefined) return look.paint('green', line('+', `${key}: ${file}`));
  if (file === undefined) return look.paint('red', line('-', `${key}: ${running}`));
  return look.paint('yellow', line('~', `${key}: ${running} -> ${file}`));
}
