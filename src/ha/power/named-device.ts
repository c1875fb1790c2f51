// SPDX-License-Identifier: Apache-2.0
/**
 * HALO's way to name a fence agent, user and password on the command line, for hosts that are in no
 * configuration. A password among the arguments is seen by everybody on the machine (`ps`), so there
 * are four other ways to give it.
 */
import { text } from 'node:stream/consumers';
import { AureoleError, messageOf } from '../../kernel/error.ts';
import type { CommandContext } from '../../runtime/command.ts';
import { readTextFile } from '../config/read-file.ts';
import type { FenceDevice } from '../fencing/contract.ts';
import { fenceDeviceOfHalo } from '../fencing/halo-shorthand.ts';
import type { DevicesOfHosts } from '../shell/power-status.ts';

export type NamedAgent = {
  readonly fenceAgent: string;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** `-`: standard input. */
  readonly passwordFile?: string | undefined;
};

const PASSWORD_VARIABLE = 'AUREOLE_FENCE_PASSWORD';
const PASSWORD_BYTES_MAX = 4_096;
const TIMEOUT_MS = 20_000;

/** One device for each host, as if a configuration said so. */
export async function namedDevices(
  hosts: readonly string[],
  agent: NamedAgent,
  context: Pick<CommandContext<unknown>, 'askSecret' | 'warn'>,
): Promise<DevicesOfHosts> {
  const password = await passwordOf(agent, context);
  const parameters = new Map([
    ...(agent.username === undefined ? [] : [['username', agent.username] as const]),
    ...(password === undefined ? [] : [['password', password] as const]),
  ]);
  const devices = hosts.map((host): readonly [string, FenceDevice] => {
    const halo = fenceDeviceOfHalo({ hostname: host, agent: agent.fenceAgent, parameters });
    if (halo.type === 'device')
      return [host, { ...halo.device, timeoutMs: TIMEOUT_MS, retries: 0 }];
    throw usage('redfish needs --username and a password: see aureole power --help');
  });
  const specs = devices.map(([name, device]) => [name, { name, levels: [[device.name]] }] as const);
  return {
    spec: { hosts: new Map(specs) },
    devices: new Map(devices.map(([, device]) => [device.name, device])),
  };
}

async function passwordOf(
  { fenceAgent, password, passwordFile }: NamedAgent,
  { askSecret, warn }: Pick<CommandContext<unknown>, 'askSecret' | 'warn'>,
): Promise<string | undefined> {
  if (password !== undefined) {
    const other = `--password-file or ${PASSWORD_VARIABLE}`;
    warn(`everybody on this machine can see the password (ps): give it with ${other}`);
    return password;
  }
  if (passwordFile === '-') return withoutLineEnd(await text(process.stdin));
  if (passwordFile !== undefined) return withoutLineEnd(readPassword(passwordFile));
  const variable = process.env[PASSWORD_VARIABLE];
  if (variable !== undefined && variable !== '') return variable;
  return fenceAgent === 'redfish' ? await askSecret?.('Password: ') : undefined;
}

function readPassword(file: string): string {
  try {
    return readTextFile(file, PASSWORD_BYTES_MAX).text;
  } catch (error) {
    throw usage(`--password-file ${file} ${messageOf(error)}`);
  }
}

function withoutLineEnd(password: string): string {
  return password.replace(/\r?\n$/, '');
}

function usage(message: string): AureoleError {
  return new AureoleError(message, { code: 'usage' }, { effect: 'none' });
}
