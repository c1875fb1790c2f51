// SPDX-License-Identifier: Apache-2.0
/**
 * HALO's way to write a fence device (`fence_agent` and `fence_parameters` of a host), turned into
 * ours: the plug, or the address of the BMC, is the host's own name. What `fence_parameters` says
 * beside HALO's own keys is given to the fence program and wins over these defaults.
 */
import type { FenceDevice } from './contract.ts';
import { OLD_NAMES } from './old-names.ts';

export type HaloShorthand = {
  /** Without the port. */
  readonly hostname: string;
  readonly agent: string;
  readonly parameters: ReadonlyMap<string, string>;
};

export type HaloFencing =
  | {
      readonly type: 'device';
      readonly device: Pick<FenceDevice, 'name' | 'agent' | 'parameters' | 'secrets'>;
    }
  /** For the configuration's list of errors. */
  | { readonly type: 'wrong'; readonly text: string };

export function fenceDeviceOfHalo({
  hostname,
  agent,
  parameters: told,
}: HaloShorthand): HaloFencing {
  const name = `${hostname}/${agent}`;
  const twice = [...told.keys()].find((key) => told.has(OLD_NAMES.get(key) ?? ''));
  if (twice !== undefined) {
    return wrong(`${name}: ${twice} and ${OLD_NAMES.get(twice)} are one parameter: keep one`);
  }
  const parameters = new Map([...told].map(([key, value]) => [OLD_NAMES.get(key) ?? key, value]));
  switch (agent) {
    case 'powerman': {
      const all = new Map([['ip', 'localhost'], ['plug', hostname], ...parameters]);
      return device(name, 'fence_powerman', all);
    }
    case 'redfish': {
      const missing = ['username', 'password'].filter((key) => !parameters.get(key));
      if (missing.length > 0) {
        return wrong(`${name}: fence_parameters lacks ${missing.join(' and ')}`);
      }
      // As in HALO, the certificate of the BMC is not verified.
      const all = new Map([['ip', hostname], ['ssl_insecure', '1'], ...parameters]);
      return device(name, 'fence_redfish', all);
    }
    default:
      return wrong(
        `${name}: fence_agent is powerman or redfish; write any other fence_* program under 'fencing'`,
      );
  }
}

function device(name: string, agent: string, parameters: Map<string, string>): HaloFencing {
  const password = parameters.get('password');
  const secrets = password === undefined ? [] : [password];
  return { type: 'device', device: { name, agent, parameters, secrets } };
}

function wrong(text: string): HaloFencing {
  return { type: 'wrong', text };
}
