// SPDX-License-Identifier: Apache-2.0
/**
 * Asks every fence agent of a configuration what it can do, before anybody relies on it: an agent
 * that is not installed, or that does not switch power, is found now and not when a host hangs.
 */
import { AureoleError } from '../../kernel/error.ts';
import type { HaConfig } from '../config.ts';
import { checkFenceAgent } from '../fencing/refused.ts';

export type FenceAgentsOptions = { readonly timeoutMs?: number };

/**
 * Throws an AureoleError with the code `config-invalid` that names all devices with such an agent.
 * Returns warnings about agents that did not answer in time: a slow disk at boot must not leave the
 * cluster without its manager.
 */
export async function checkFenceAgents(
  { path, devices }: HaConfig,
  { timeoutMs }: FenceAgentsOptions = {},
): Promise<readonly string[]> {
  const told: string[] = [];
  const warnings: string[] = [];
  // One after the other: they are few kinds, and each starts an interpreter.
  for (const agent of new Set([...devices.values()].map((device) => device.agent))) {
    const check = await checkFenceAgent(agent, timeoutMs);
    if (check.type === 'ok') continue;
    const users = [...devices.values()].filter((device) => device.agent === agent);
    const names = users.map((device) => device.name).join(', ');
    const list = check.type === 'refused' ? told : warnings;
    list.push(`${path}: fence device ${names}: ${check.reason}`);
  }
  if (told.length === 0) return warnings;
  throw new AureoleError(told.join('\n'), { code: 'config-invalid' }, { effect: 'none' });
}
