// SPDX-License-Identifier: Apache-2.0
/** An explanation as text: the state, what led to it, and the last words of the scripts. */
import { roughDuration } from '../../model/duration.ts';
import type { Look } from '../../runtime/command.ts';
import type { Explanation } from '../contract.ts';
import { localTime } from '../halo/words.ts';
import { eventLine } from './show-events.ts';
import { renderGroups } from './show-group.ts';
import { renderHost } from './show-host.ts';

export function renderExplanation(explanation: Explanation, look: Look): string {
  const { host, group, events, outputs } = explanation;
  const blocks: string[][] = [];
  if (host !== undefined) blocks.push([...renderHost(host, 0, look)]);
  if (group !== undefined) {
    const homes = [group.homeHost, ...group.failoverHosts].join(', then ');
    blocks.push([...renderGroups([group], look), `    may run on ${homes}`]);
  }
  if (events.length > 0)
    blocks.push([look.paint('bold', 'Events'), ...events.map((event) => eventLine(event, look))]);
  if (outputs.length > 0) {
    const lines = outputs.flatMap((output) => outputLines(output));
    blocks.push([look.paint('bold', 'Scripts, newest first'), ...lines]);
  }
  return blocks.map((lines) => lines.join('\n')).join('\n\n');
}

function outputLines(output: Explanation['outputs'][number]): string[] {
  const { host, resource, operation, begun, durationMs, outcome, stdout, stderr } = output;
  const time = localTime(begun);
  const quote = (stream: string, text: string): string[] =>
    text.split('\n').flatMap((line) => (line.trim() === '' ? [] : [`  ${stream}| ${line}`]));
  return [
    `${time}  ${host} ${resource} ${operation}: ${outcome} after ${roughDuration(durationMs)}`,
    ...quote('out', stdout),
    ...quote('err', stderr),
  ];
}
