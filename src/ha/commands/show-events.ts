// SPDX-License-Identifier: Apache-2.0
/** Events as text, one line each: when (UTC), how bad, what about, and why. */
import type { Look } from '../../runtime/command.ts';
import type { EventView } from '../contract.ts';

export function renderEvents(events: readonly EventView[], look: Look): string {
  return events.map((event) => eventLine(event, look)).join('\n');
}

function eventLine(event: EventView, look: Look): string {
  const { time, severity, name, host, group, resource, text, operator } = event;
  const about = new Set([host, group, resource].filter((part) => part !== undefined));
  const by = operator === undefined || operator === '' ? '' : ` (by ${operator})`;
  const subject = about.size === 0 ? '' : `${[...about].join(' ')}: `;
  const line = `${severityWord(severity, look)}  ${name}  ${subject}${text}${by}`;
  return `${look.paint('dim', time.replace(/\.\d+Z$/, 'Z'))}  ${line}`;
}

function severityWord(severity: EventView['severity'], look: Look): string {
  if (severity === 'alarm') return look.paint('red', 'ALARM  ');
  return severity === 'warning' ? look.paint('yellow', 'warning') : 'info   ';
}
