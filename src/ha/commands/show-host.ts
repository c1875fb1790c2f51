// SPDX-License-Identifier: Apache-2.0
/** A host as text: how it is, what fencing is about to do or why not, and whether its fence devices can be trusted. */
import { roughDuration } from '../../model/duration.ts';
import { PLAIN, type Look, type Style } from '../../runtime/command.ts';
import type { HostView } from '../contract.ts';

/** Online, takes groups, and can be fenced when it must be. */
export function isHostWell(host: HostView): boolean {
  const { status, active, armed, notFenced, devices } = host;
  if (status !== 'online' || !active || !armed || notFenced !== undefined) return false;
  return hostWarnings(host).length === 0 && devices.every(({ trust }) => trust !== 'wrong');
}

/** What wants a look, and is not told as an alarm. */
export function hostWarnings(host: HostView): readonly string[] {
  const { name, devices } = host;
  const unsure = devices.filter(({ trust, power }) => trust === 'unproven' || power === 'unknown');
  return [...fenceLines(host), ...unsure.map((device) => deviceLine(name, device, PLAIN))];
}

export function renderHost(host: HostView, nameWidth: number, look: Look): readonly string[] {
  const { name, status, active, armed, armedInMs, notFenced, certificate, devices, reason } = host;
  const marks = active ? '' : look.paint('yellow', ' (deactivated)');
  const details: string[] = [];
  if (status !== 'online' && reason !== '') details.push(reason);
  details.push(...fenceLines(host).map((line) => look.paint('yellow', line)));
  if (notFenced !== undefined) details.push(look.paint('red', `not fenced: ${notFenced}`));
  if (!armed) {
    const wait =
      armedInMs === undefined ? '' : ` for ${roughDuration(Math.ceil(armedInMs / 1_000) * 1_000)}`;
    const text = `not fenced again by itself${wait}: look at the host, then aureole reset ${name}`;
    details.push(look.paint('yellow', text));
  }
  if (certificate !== undefined) {
    const { expires, daysLeft } = certificate;
    details.push(look.paint('dim', `certificate until ${expires.slice(0, 10)} (${daysLeft} days)`));
  }
  if (devices.length === 0) details.push(look.paint('dim', 'no fence device'));
  details.push(...devices.map((device) => deviceLine(name, device, look)));
  return [
    `  ${look.paint('bold', name.padEnd(nameWidth))}  ${statusWords(host, look)}${marks}`,
    ...details.map((line) => `      ${line}`),
  ];
}

function fenceLines({ fence }: HostView): readonly string[] {
  if (fence === undefined) return [];
  const since = roughDuration(fence.sinceMsAgo);
  return [`fencing for ${since}: ${fence.phase} (because: ${fence.cause})`];
}

function statusWords({ status, heardMsAgo }: HostView, look: Look): string {
  const ago = heardMsAgo === undefined ? '' : ` for ${roughDuration(heardMsAgo)}`;
  const words: Readonly<Record<HostView['status'], readonly [Style, string]>> = {
    unheard: ['yellow', 'not heard of yet'],
    online: ['green', 'online'],
    silent: ['red', `silent${ago}`],
    refused: ['red', 'without an agent'],
    off: ['red', 'off (confirmed)'],
  };
  return look.paint(...words[status]);
}

function deviceLine(host: string, device: HostView['devices'][number], look: Look): string {
  const { name, level, trust, power, trouble } = device;
  const short = name.startsWith(`${host}/`) ? name.slice(host.length + 1) : name;
  const words: Readonly<Record<typeof trust, readonly [Style, string]>> = {
    proven: ['green', 'proven'],
    unproven: ['yellow', 'unproven: it has not yet said on while the host was answering'],
    wrong: ['red', 'WRONG DEVICE: it says off for a host that answers'],
  };
  return `fence device ${short}, level ${level + 1}: power ${power}, ${look.paint(...words[trust])}${trouble === undefined ? '' : ` (${trouble})`}`;
}
