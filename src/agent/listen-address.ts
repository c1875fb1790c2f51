// SPDX-License-Identifier: Apache-2.0
/**
 * Where an agent serves its API: at the address that is named, else at the first of this host's
 * addresses inside the network that is named, so that one file does for all hosts; else for this
 * host only.
 */
import { BlockList, isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { flagOr, portOf, wrongValue, type FindSetting } from '../runtime/settings.ts';
import { DEFAULT_PORT } from '../model/agent-port.ts';
import { AgentError } from './errors.ts';

export type Listen = { readonly address: string; readonly port: number };

export type ListenFlags = {
  /** `ADDRESS:PORT`, `ADDRESS` or `[IPv6]:PORT`. */
  readonly listen?: string;
  /** `10.0.0.0/16`, `fd00::/64`. */
  readonly network?: string;
  readonly port?: string;
};

const LOOPBACK = '127.0.0.1';

/** Throws an AureoleError that says which flag or setting is wrong. */
export function chooseListen(
  flags: ListenFlags,
  find: FindSetting,
  addresses: readonly string[] = localAddresses(),
): Listen {
  const named = flags.listen === undefined ? undefined : parseListen(flags.listen);
  const port = named?.port ?? choosePort(flags.port, find);
  return { address: named?.address ?? addressInNetwork(flags.network, find, addresses), port };
}

/** HALO's interface stands beside ours, at the same address unless another one is named. */
export function chooseHaloListen(text: string, { address: ours, port: taken }: Listen): Listen {
  const [, bracketed, plain, digits] = /^(?:(?:\[([^\]]+)\]|([^:]+)):)?(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  const address = bracketed ?? plain ?? ours;
  if (digits === undefined || port > 65_535) {
    throw wrongFlag(`--halo-compat "${text}": write ADDRESS:PORT or PORT, for instance 8001`);
  }
  if (port !== 0 && port === taken && address === ours) {
    throw wrongFlag(
      `--halo-compat ${text}: our own API has that port. HALO's manager looks for its agents there, ` +
        'so give our API another one with --port, and its manager the same',
    );
  }
  return { address, port };
}

function parseListen(text: string): { address: string; port?: number } {
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const address = bracketed ?? plain;
  if (address === undefined || Number(digits ?? 0) > 65_535) {
    throw wrongFlag(`--listen "${text}": write ADDRESS:PORT, for instance 10.0.0.1:8000`);
  }
  return { address, ...(digits === undefined ? {} : { port: Number(digits) }) };
}

function choosePort(flag: string | undefined, find: FindSetting): number {
  if (flag === undefined) return portOf(find('AUREOLE_PORT', 'HALO_PORT')) ?? DEFAULT_PORT;
  if (/^\d{1,5}$/.test(flag) && Number(flag) <= 65_535) return Number(flag);
  throw wrongFlag(`--port "${flag}": write a whole number from 1 to 65535`);
}

function addressInNetwork(
  flag: string | undefined,
  find: FindSetting,
  addresses: readonly string[],
): string {
  const setting = flagOr('--network', flag, find('AUREOLE_NET', 'HALO_NET'));
  if (setting === undefined) return LOOPBACK;
  const { value: network, from } = setting;
  const isInside = parseNetwork(network);
  if (isInside === undefined) {
    const remedy = 'write it like 10.0.0.0/16 or fd00::/64';
    throw wrongValue(setting, `"${network}" is no network: ${remedy}`);
  }
  const address = addresses.find(isInside);
  if (address !== undefined) return address;
  // At boot it may come later: systemd is to try again.
  throw new AgentError(
    `No address of this host is in the network ${network} (${from}), so there is none to listen on. ` +
      `Write the network of the cluster there, or say --listen. This host has ${addresses.join(', ') || 'no address'}.`,
    { code: 'agent-listen-failed' },
    { effect: 'none' },
  );
}

function parseNetwork(text: string): ((address: string) => boolean) | undefined {
  const [, prefix = '', digits] = /^([0-9A-Fa-f.:]+)\/(\d{1,3})$/.exec(text) ?? [];
  const version = isIP(prefix);
  if (version === 0 || Number(digits) > (version === 4 ? 32 : 128)) return undefined;
  const family = version === 4 ? 'ipv4' : 'ipv6';
  const network = new BlockList();
  network.addSubnet(prefix, Number(digits), family);
  return (address) => {
    const [bare = ''] = address.split('%');
    return isIP(bare) === version && network.check(bare, family);
  };
}

/** In the order of the interfaces; one that means something on its link only carries the link's name. */
function localAddresses(): string[] {
  return Object.entries(networkInterfaces()).flatMap(([link, entries = []]) =>
    entries.map(({ address }) => (/^fe80:/i.test(address) ? `${address}%${link}` : address)),
  );
}

function wrongFlag(message: string): AgentError {
  return new AgentError(message, { code: 'usage' }, { effect: 'none' });
}
