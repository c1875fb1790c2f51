// SPDX-License-Identifier: Apache-2.0
/** The status in detail: what is wrong first, then what runs where and what is known of it, then the hosts with their fence devices. */
import type { Look } from '../../runtime/command.ts';
import type { Status } from '../contract.ts';
import { isGroupWell, renderGroups } from './show-group.ts';
import { allWell } from './show-health.ts';
import { isHostWell, renderHost } from './show-host.ts';
import { noticeLines } from './show-notices.ts';

export function renderDetails(status: Status, look: Look, onlyExceptions: boolean): string {
  const groups = status.groups.filter((group) => !onlyExceptions || !isGroupWell(group));
  const hosts = status.hosts.filter((host) => !onlyExceptions || !isHostWell(host));
  const nameWidth = Math.max(...hosts.map(({ name }) => name.length), 0);
  const blocks = [
    noticeLines(status, look),
    section('Resource groups', renderGroups(groups, look), look),
    section(
      'Hosts',
      hosts.flatMap((host) => renderHost(host, nameWidth, look)),
      look,
    ),
  ].filter((lines) => lines.length > 0);
  if (onlyExceptions && groups.length === 0 && hosts.length === 0) {
    blocks.push([`${allWell(status)}.`]);
  }
  return blocks.map((lines) => lines.join('\n')).join('\n\n');
}

function section(title: string, lines: readonly string[], look: Look): readonly string[] {
  return lines.length === 0 ? [] : [look.paint('bold', title), ...lines];
}
