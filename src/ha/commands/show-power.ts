// SPDX-License-Identifier: Apache-2.0
/** How the power of hosts is shown: HALO's lines, a host a line. */
import type { PowerStatus } from '../contract.ts';

export type HostPower = {
  readonly host: string;
  readonly power: 'on' | 'off' | 'unknown';
  readonly devices: readonly Omit<PowerStatus['devices'][number], 'host'>[];
};

/** A host is on if a device says so, off if all say so, and of one without devices nothing is known. */
export function hostPowers(
  hosts: readonly string[],
  readings: readonly PowerStatus['devices'][number][],
): readonly HostPower[] {
  const byHost = Map.groupBy(readings, ({ host }) => host);
  return hosts.map((host) => {
    const devices = (byHost.get(host) ?? []).map(({ device, power, text }) => {
      return { device, power, text };
    });
    const isOn = devices.some(({ power }) => power === 'on');
    const isOff = devices.length > 0 && devices.every(({ power }) => power === 'off');
    return { host, power: isOn ? 'on' : isOff ? 'off' : 'unknown', devices };
  });
}

export function renderPowers(powers: readonly HostPower[], verbose: boolean): string {
  return powers
    .flatMap((one) => [lineOf(one), ...(verbose ? one.devices.map(deviceLine) : [])])
    .join('\n');
}

function lineOf({ host, power, devices }: HostPower): string {
  if (power !== 'unknown') return `${host} is ${power}`;
  const why = devices
    .filter((device) => device.power === 'unknown')
    .map(({ device, text }) => `${device}: ${text}`);
  const reason = devices.length === 0 ? 'it has no fence device' : why.join('; ');
  return `Could not determine power status for ${host}: ${reason}`;
}

function deviceLine({ device, power, text }: HostPower['devices'][number]): string {
  return `  ${device}: ${power}${text === '' ? '' : ` (${text})`}`;
}
