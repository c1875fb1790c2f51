// SPDX-License-Identifier: Apache-2.0
/** Events as text, one line each, as HALO writes them: when (local time), what, of what, and why. */
import { printableLine } from '../../model/printable.ts';
import type { Look } from '../../runtime/command.ts';
import type { EventView } from '../contract.ts';
import { localTime } from '../halo/words.ts';

export function renderEvents(events: readonly EventView[], look: Look): string | undefined {
  if (events.length === 0) return undefined;
  return events.map((event) => eventLine(event, look)).join('\n');
}

export function eventLine(event: EventView, look: Look): string {
  const { time, severity, name, host, group, resource, text, operator } = event;
  const object = resource ?? group ?? host ?? '-';
  const where = host === undefined || host === object ? '' : `on ${host}: `;
  const by = operator === undefined || operator === '' ? '' : ` (by ${operator})`;
  const comment = JSON.stringify(printableLine(`${where}${text}${by}`));
  const line = `event=${name} object=${object} comment=${comment}`;
  return `${look.paint('dim', localTime(time))} ${severityPaint(severity, line, look)}`;
}

function severityPaint(severity: EventView['severity'], line: string, look: Look): string {
  if (severity === 'alarm') return look.paint('red', line);
  return severity === 'warning' ? look.paint('yellow', line) : line;
}
