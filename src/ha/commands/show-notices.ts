// SPDX-License-Identifier: Apache-2.0
/** What stands above a status: alarms, and a manager that does not act. */
import type { Look } from '../../runtime/command.ts';
import type { Alarm, Status } from '../contract.ts';

export function noticeLines(status: Status, look: Look): readonly string[] {
  return [...status.alarms.map((alarm) => alarmLine(alarm, look)), ...modeLines(status, look)];
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
