// SPDX-License-Identifier: Apache-2.0
/**
 * The environment that an OCF script is given: what the standard and the scripts of ClusterLabs ask
 * for, and nothing of the agent's own, so that a script finds the same world whoever started the agent.
 */
import type { Operation, Resource } from '../contract.ts';
import type { Script } from './script.ts';

/** Where scripts keep notes within a boot; they find it under this name on every distribution. */
export const RESOURCE_TMP = '/run/resource-agents';

/** What every call of a script is given, `meta-data` included. */
export function baseEnvironment(ocfRoot: string, script: Script): Record<string, string> {
  return {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    HOME: '/',
    LC_ALL: 'C',
    OCF_ROOT: ocfRoot,
    OCF_RA_VERSION_MAJOR: '1',
    OCF_RA_VERSION_MINOR: '0',
    OCF_RESOURCE_TYPE: script.type,
    OCF_RESOURCE_PROVIDER: script.provider,
    HA_RSCTMP: RESOURCE_TMP,
    // Scripts then log to standard error, which the agent keeps.
    HA_LOGFACILITY: 'none',
    HA_LOGD: 'no',
    HA_debug: '0',
  };
}

export function operationEnvironment(
  base: Readonly<Record<string, string>>,
  resource: Resource,
  operation: Operation,
  times: { readonly timeoutMs: number; readonly intervalMs: number },
): Record<string, string> {
  const parameters = Object.entries(resource.parameters).map(
    ([name, value]) => [`OCF_RESKEY_${name}`, value] as const,
  );
  return {
    ...Object.fromEntries(parameters),
    ...base,
    OCF_RESOURCE_INSTANCE: resource.name,
    OCF_RESKEY_CRM_meta_name: operation,
    OCF_RESKEY_CRM_meta_timeout: String(times.timeoutMs),
    OCF_RESKEY_CRM_meta_interval: String(times.intervalMs),
    ...(operation === 'monitor' ? { OCF_CHECK_LEVEL: '0' } : {}),
  };
}

/** Why these parameters cannot be put into an environment; undefined if they can. */
export function parameterFault(resource: Resource): string | undefined {
  for (const [name, value] of Object.entries(resource.parameters)) {
    // A shell drops variables with any other name without a word.
    if (!/^[A-Za-z0-9_]+$/.test(name)) {
      return `The parameter name ${JSON.stringify(name)} may hold letters, digits and _ only.`;
    }
    if (value.includes('\0')) return `The parameter ${name} holds a NUL character.`;
  }
  return resource.name.includes('\0') ? 'The resource name holds a NUL character.' : undefined;
}
