// SPDX-License-Identifier: Apache-2.0
/** Fence devices of the hosts, with their secrets read from files that only their owner may read. */
import { messageOf } from '../../kernel/error.ts';
import { parseHostAndPort } from '../../model/names.ts';
import type { DeviceName } from '../core/spec.ts';
import type { FenceDevice } from '../fencing/contract.ts';
import { fenceDeviceOfHalo } from '../fencing/halo-shorthand.ts';
import { fenceInput } from '../fencing/input.ts';
import { OLD_NAMES } from '../fencing/old-names.ts';
import type { Mistake, Path } from './mistakes.ts';
import { readTextFile } from './read-file.ts';
import type { Placed } from './references.ts';
import {
  RETRIES_DEFAULT,
  type FenceDeviceEntry,
  type HaSection,
  type HostEntry,
} from './schema.ts';

/** What of the surroundings decides whether a device is right. */
export type DeviceRules = {
  readonly defaults: HaSection['fencing'];
  /** Nobody but its owner may read the configuration file: it may hold a password. */
  readonly configIsSecret: boolean;
};

export type HostDevices = {
  readonly levels: readonly (readonly DeviceName[])[];
  readonly devices: readonly FenceDevice[];
};

const SECRET_BYTES_MAX = 4_096;
const PASSWORD = /passw(?:or)?d$|^community$/i;
/** They cut a host off its storage, and leave it running: no evidence that it is off. */
const STORAGE_FENCING = new Set(['fence_scsi', 'fence_mpath']);

export function buildDevices(
  host: Placed<HostEntry>,
  rules: DeviceRules,
  mistakes: Mistake[],
): HostDevices {
  const { entry, path } = host;
  const name = parseHostAndPort(entry.hostname)?.name ?? entry.hostname;
  const halo = haloDevice(name, host, rules, mistakes);
  if (entry.fencing === undefined) {
    return halo === undefined
      ? { levels: [], devices: [] }
      : { levels: [[halo.name]], devices: [halo] };
  }
  if (typeof entry.fence_agent === 'string') {
    const text = 'fence_agent and fencing exclude each other: keep fencing';
    mistakes.push({ path: [...path, 'fence_agent'], at: 'key', text });
  }
  const devices: FenceDevice[] = [];
  const levels = entry.fencing.map((level, levelIndex) =>
    level.map((device, index) => {
      const where = [...path, 'fencing', levelIndex, index];
      const built = buildDevice(name, { entry: device, path: where }, rules, mistakes);
      if (devices.some((other) => other.name === built.name)) {
        const text = `a second fence device "${built.name}": give it a name of its own`;
        mistakes.push({ path: where, at: 'value', text });
      }
      devices.push(built);
      return built.name;
    }),
  );
  return { levels, devices };
}

function buildDevice(
  host: string,
  { entry, path }: Placed<FenceDeviceEntry>,
  rules: DeviceRules,
  mistakes: Mistake[],
): FenceDevice {
  const program = entry.agent.split('/').at(-1) ?? entry.agent;
  if (STORAGE_FENCING.has(program)) {
    const text = `${program} cuts a host off its storage and not its power, which is not supported: use an agent that switches power`;
    mistakes.push({ path: [...path, 'agent'], at: 'value', text });
  }
  const parameters = new Map(Object.entries(entry.parameters));
  const secrets = inlineSecrets(parameters, [...path, 'parameters'], rules, mistakes);
  for (const [key, file] of Object.entries(entry.secrets)) {
    const where = [...path, 'secrets', key];
    if (parameters.has(key)) {
      const text = `${key} is in parameters and in secrets: remove it from parameters`;
      mistakes.push({ path: where, at: 'key', text });
    }
    const secret = readSecret(file, where, mistakes);
    if (secret === undefined) continue;
    parameters.set(key, secret);
    secrets.push(secret);
  }
  checkInput(parameters, [...path, 'parameters'], mistakes);
  return {
    name: `${host}/${entry.name ?? program}`,
    agent: entry.agent,
    parameters,
    secrets,
    timeoutMs: entry.timeout ?? rules.defaults.timeout,
    retries: entry.retries,
  };
}

/** Which power supply it switches, whoever logs in there: devices with the same text are one and the same. */
export function wiringOf({ agent, parameters }: FenceDevice): string {
  const told = [...parameters]
    .map(([key, value]) => [OLD_NAMES.get(key) ?? key, value] as const)
    .filter(([key]) => key !== 'username' && !PASSWORD.test(key))
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([agent.split('/').at(-1), ...told]);
}

/** What the fence program could not be told is found here, and not when a host hangs. */
function checkInput(
  parameters: ReadonlyMap<string, string>,
  path: Path,
  mistakes: Mistake[],
): void {
  const input = fenceInput(parameters, 'status');
  if (input.type === 'wrong') mistakes.push({ path, at: 'value', text: input.why });
}

function haloDevice(
  name: string,
  { entry, path }: Placed<HostEntry>,
  rules: DeviceRules,
  mistakes: Mistake[],
): FenceDevice | undefined {
  if (typeof entry.fence_agent !== 'string') return undefined;
  const parameters = new Map(Object.entries(entry.fence_parameters ?? {}));
  const secrets = inlineSecrets(parameters, [...path, 'fence_parameters'], rules, mistakes);
  checkInput(parameters, [...path, 'fence_parameters'], mistakes);
  const halo = fenceDeviceOfHalo({ hostname: name, agent: entry.fence_agent, parameters });
  if (halo.type === 'wrong') {
    mistakes.push({ path: [...path, 'fence_agent'], at: 'value', text: halo.text });
  }
  // With a mistake in it the device is only there so that the host counts as one with fencing.
  const device =
    halo.type === 'device'
      ? halo.device
      : { name: `${name}/${entry.fence_agent}`, agent: entry.fence_agent, parameters, secrets };
  return { ...device, secrets, timeoutMs: rules.defaults.timeout, retries: RETRIES_DEFAULT };
}

/** Passwords among the parameters, which only a configuration file that nobody else reads may hold. */
function inlineSecrets(
  parameters: ReadonlyMap<string, string>,
  path: Path,
  { configIsSecret }: DeviceRules,
  mistakes: Mistake[],
): string[] {
  const secrets = [...parameters].filter(([key]) => PASSWORD.test(key));
  for (const [key] of configIsSecret ? [] : secrets) {
    const text = `${key} stands in a file that others may read: chmod 600 the file, or name a file that holds only the password under secrets`;
    mistakes.push({ path: [...path, key], at: 'key', text });
  }
  return secrets.map(([, value]) => value);
}

function readSecret(file: string, path: Path, mistakes: Mistake[]): string | undefined {
  const complain = (text: string): undefined => {
    mistakes.push({ path, at: 'value', text: `secret file ${file} ${text}` });
  };
  try {
    const { text, ownerOnly } = readTextFile(file, SECRET_BYTES_MAX);
    if (!ownerOnly) return complain('may be read by others: chmod 600 it');
    const secret = text.replace(/\r?\n$/, '');
    if (secret === '') return complain('is empty: write the secret into it');
    if (/[\r\n\0]/.test(secret)) return complain('has more than one line: leave only the secret');
    return secret;
  } catch (error) {
    return complain(messageOf(error));
  }
}
