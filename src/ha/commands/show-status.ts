// SPDX-License-Identifier: Apache-2.0
/** The status as text: what is wrong first, then what runs where, then the hosts. */
import type { Look } from '../../runtime/command.ts';
import type { Alarm, Status } from '../contract.ts';
import { isGroupWell, renderGroups } from './show-group.ts';
import { isHostWell, renderHost } from './show-host.ts';

export function renderStatus(status: Status, look: Look, onlyExceptions: boolean): string {
  const groups = status.groups.filter((group) => !onlyExceptions || !isGroupWell(group));
  const hosts = status.hosts.filter((host) => !onlyExceptions || !isHostWell(host));
  const nameWidth = Math.max(...hosts.map(({ name }) => name.length), 0);
  const blocks = [
    [...status.alarms.map((alarm) => alarmLine(alarm, look)), ...modeLines(status, look)],
    section('Resource groups', renderGroups(groups, look), look),
    section(
      'Hosts',
      hosts.flatMap((host) => renderHost(host, nameWidth, look)),
      look,
    ),
  ].filter((lines) => lines.length > 0);
  if (onlyExceptions && groups.length === 0 && hosts.length === 0) {
    blocks.push([
      `${count(status.groups.length, 'resource group')} at home and running, ${count(status.hosts.length, 'host')} online.`,
    ]);
  }
  return blocks.map((lines) => lines.join('\n')).join('\n\n');
}

function section(title: string, lines: readonly string[], look: Look): readonly string[] {
  return lines.length === 0 ? [] : [look.paint('bold', title), ...lines];
}

function alarmLine({ host, group, text }: Alarm, look: Look): string {
  const about = [host, group].filter((name) => name !== undefined).join(', ');
  return `${look.paint('red', 'ALARM')}  ${about === '' ? '' : `${about}: `}${text}`;
}

function modeLines({ mode, acting }: Status, look: Look): readonly string[] {
  const lines: string[] = [];
  if (!acting) lines.push('Another manager has taken over: this one does nothing.');
  if (mode === 'observe')
    lines.push('Observe mode: Aureole watches and does nothing (see ha.mode).');
  return lines.map((line) => look.paint('yellow', line));
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
