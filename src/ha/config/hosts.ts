// SPDX-License-Identifier: Apache-2.0
/** Hosts with their addresses and fence devices. Nothing may answer for two of them, nor be switched off for two. */
import { parseHostAndPort } from '../../model/names.ts';
import type { DeviceName, HostName, HostSpec } from '../core/spec.ts';
import type { FenceDevice } from '../fencing/contract.ts';
import { buildDevices, wiringOf } from './devices.ts';
import type { Mistake } from './mistakes.ts';
import { findDuplicates, type Entries } from './references.ts';

export type NetworkAddress = { readonly address: string; readonly port: number };

export type Hosts = {
  readonly addresses: ReadonlyMap<HostName, NetworkAddress>;
  readonly specs: ReadonlyMap<HostName, HostSpec>;
  readonly devices: ReadonlyMap<DeviceName, FenceDevice>;
};

export type HostRules = {
  /** Nobody but its owner may read the configuration file: it may hold a password. */
  readonly configIsSecret: boolean;
  /** Of hosts that name none. */
  readonly agentPort: number;
};

export function buildHosts(entries: Entries, rules: HostRules, mistakes: Mistake[]): Hosts {
  const nameOf = (hostname: string): string => parseHostAndPort(hostname)?.name ?? hostname;
  findDuplicates(entries.hosts, 'hostname', ({ hostname }) => nameOf(hostname), mistakes);
  const addresses = new Map<HostName, NetworkAddress>();
  const byAddress = new Map<string, HostName>();
  const specs = new Map<HostName, HostSpec>();
  const devices = new Map<DeviceName, FenceDevice>();
  const byWiring = new Map<string, FenceDevice>();
  for (const host of entries.hosts) {
    const { entry, path } = host;
    const name = nameOf(entry.hostname);
    const port = parseHostAndPort(entry.hostname)?.port ?? rules.agentPort;
    const address = entry.address ?? name;
    const place = `${address.toLowerCase()} port ${port}`;
    const other = byAddress.get(place) ?? name;
    if (other !== name) {
      const text = `hosts "${other}" and "${name}" have one address, ${place}: the agent there can be only one of them; correct the address of the other`;
      const key = entry.address === undefined ? 'hostname' : 'address';
      mistakes.push({ path: [...path, key], at: 'value', text });
    }
    byAddress.set(place, other);
    addresses.set(name, { address, port });
    const fencing = { defaults: entries.ha.fencing, configIsSecret: rules.configIsSecret };
    const built = buildDevices(host, fencing, mistakes);
    // A second host of that name is told as such already.
    if (specs.has(name)) continue;
    specs.set(name, { name, levels: built.levels });
    for (const device of built.devices) {
      const same = byWiring.get(wiringOf(device));
      if (same !== undefined) {
        const own = built.devices.includes(same);
        const why = own ? 'remove one' : 'one of them would cut the power of the wrong host';
        const text = `fence device "${device.name}" is the same as "${same.name}": ${why}`;
        mistakes.push({ path, at: 'value', text });
      }
      devices.set(device.name, device);
      byWiring.set(wiringOf(device), device);
    }
  }
  return { addresses, specs, devices };
}
