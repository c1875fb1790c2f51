// SPDX-License-Identifier: Apache-2.0
/**
 * Asks every fence agent of a configuration what it can do, before anybody relies on it: an agent
 * that is not installed, or that does not switch power, is found now and not when a host hangs.
 */
import { AureoleError } from '../../kernel/error.ts';
import type { HaConfig } from '../config.ts';
import { checkFenceAgent } from '../fencing/refused.ts';

/** Throws an AureoleError with the code `config-invalid` that names all devices with such an agent. */
export async function checkFenceAgents({ path, devices }: HaConfig): Promise<void> {
  const told: string[] = [];
  // One after the other: they are few kinds, and each starts an interpreter.
  for (const agent of new Set([...devices.values()].map((device) => device.agent))) {
    const check = await checkFenceAgent(agent);
    if (check.type === 'ok') continue;
    const users = [...devices.values()].filter((device) => device.agent === agent);
    const names = users.map((device) => device.name).join(', ');
    told.push(`${path}: fence device ${names}: ${check.reason}`);
  }
  if (told.length === 0) return;
  throw new AureoleError(told.join('\n'), { code: 'config-invalid' }, { effect: 'none' });
}
