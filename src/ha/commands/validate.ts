// SPDX-License-Identifier: Apache-2.0
/**
 * `aureole validate`: what a configuration means, and every mistake in it, before a manager is started
 * with it; `--against-running` tells what a restart of the manager would change. Passwords are not
 * compared: the manager gives them to nobody, not even as a hash by which one could be guessed.
 */
import { z } from 'zod';
import { AureoleError } from '../../kernel/error.ts';
import type { Command } from '../../runtime/command.ts';
import { settings } from '../../runtime/settings.ts';
import type { HaApi } from '../client.ts';
import { inspectConfig, type HaConfig, type InspectedConfig } from '../config.ts';
import { viewConfig } from '../config/config-view.ts';
import { findDifferences, type Difference } from '../config/differences.ts';
import { checkFenceAgents } from '../config/fence-agents.ts';
import type { ConfigView } from '../contract.ts';
import { agentPort, configPath, DEFAULT_CONFIG } from '../places.ts';
import { findOperatorGroup } from '../shell/operators.ts';
import { renderValidation } from './show-config.ts';

export type Validation = {
  readonly path: string;
  readonly mistakes: readonly string[];
  readonly warnings: readonly string[];
  /** Absent where there are mistakes. */
  readonly config?: ConfigView;
  /** From what the running manager uses; absent if nobody asked for them. */
  readonly differences?: readonly Difference[];
};

const ValidateInput = z.object({
  config: z.string().min(1, 'write the path of a file').optional(),
  againstRunning: z.boolean().default(false),
});
type ValidateInput = z.infer<typeof ValidateInput>;

export const validate: Command<ValidateInput, Validation, HaApi> = {
  name: 'validate',
  summary: 'Check a configuration, show what it means, or what it would change',
  arguments: [],
  options: [
    {
      flags: '--config <file>',
      description: `which one (default: $AUREOLE_CONFIG, else ${DEFAULT_CONFIG})`,
    },
    {
      flags: '--against-running',
      description: 'only what differs from what the running manager uses; exit code 1 if anything',
    },
  ],
  input: ValidateInput,
  examples: [
    'aureole validate --config /etc/halo/halo.conf',
    'aureole validate --against-running',
    'aureole validate --json',
  ],
  async run({ config: flag, againstRunning }, context) {
    const find = settings();
    const path = configPath(flag, find);
    const inspected = inspect(path, agentPort(find));
    if ('mistakes' in inspected) return { path, mistakes: inspected.mistakes, warnings: [] };
    const { config, doubts } = inspected;
    const view = viewConfig(config);
    const warnings = [
      ...doubts.map(({ line, col, text }) => `${path}:${line}:${col}: ${text}`),
      ...(await onThisMachine(checkFenceAgents(config))),
      ...(await onThisMachine(checkOperators(config))),
    ];
    const result = { path, mistakes: [], warnings, config: view };
    if (!againstRunning) return result;
    const { api, signal } = context;
    const differences = findDifferences(await api.config(signal), view);
    const unproven = await unprovenWarnings(api, signal);
    return { ...result, warnings: [...warnings, ...unproven], differences };
  },
  render: renderValidation,
  verdict: ({ mistakes, differences = [] }) =>
    mistakes.length + differences.length > 0 ? 'failed' : 'done',
};

function inspect(
  path: string,
  port: number,
): InspectedConfig | { readonly mistakes: readonly string[] } {
  try {
    return inspectConfig(path, port);
  } catch (error) {
    if (!(error instanceof AureoleError)) throw error;
    return { mistakes: error.message.split('\n') };
  }
}

/** A mistake only on the manager's machine, which need not be this one. */
async function onThisMachine(check: Promise<readonly string[]>): Promise<readonly string[]> {
  try {
    return await check;
  } catch (error) {
    if (!(error instanceof AureoleError)) throw error;
    return error.message.split('\n').map((line) => `${line} (on this machine no manager starts)`);
  }
}

async function checkOperators({ path, operators }: HaConfig): Promise<readonly string[]> {
  if (operators !== undefined) await findOperatorGroup(operators, path);
  return [];
}

async function unprovenWarnings(api: HaApi, signal: AbortSignal): Promise<readonly string[]> {
  const { hosts } = await api.status(signal);
  return hosts.flatMap(({ name, devices }) =>
    devices
      .filter(({ trust }) => trust !== 'proven')
      .map((device) => `host ${name}: fence device ${device.name} is ${device.trust}`),
  );
}
