// SPDX-License-Identifier: Apache-2.0
/**
 * `aureole power on|off|status`: through the manager, which looks first what runs there and keeps a
 * record. Where certainly no manager is, the fence devices of the configuration are told directly; then
 * nobody knows what runs on a host, so off takes --force.
 */
import { z } from 'zod';
import type { Command, CommandContext } from '../../runtime/command.ts';
import { settings } from '../../runtime/settings.ts';
import type { HaApi } from '../client.ts';
import { journalPath } from '../places.ts';
import { findManager, type FoundManager } from '../power/find-manager.ts';
import { isNamed, openDevices, switchWithoutManager } from '../power/without-manager.ts';
import { askPowerStatus } from '../shell/power-status.ts';
import { giveOrders } from './order.ts';
import { MOVING, MOVING_OPTIONS, Reason, REASON_OPTION, Targets } from './order-input.ts';
import { DEVICE_INPUT, DEVICE_OPTIONS } from './power-input.ts';
import { renderAnswers, verdictOf, type TargetAnswer } from './show-answers.ts';
import { hostPowers, renderPowers, type HostPower } from './show-power.ts';
import { resolveTargets } from './targets.ts';

const StatusInput = z.object({ host: z.array(z.string()).default([]), ...DEVICE_INPUT });
type StatusInput = z.infer<typeof StatusInput>;
const SwitchInput = MOVING.extend({
  host: Targets,
  reason: Reason.default(''),
  force: z.boolean().default(false),
  ...DEVICE_INPUT,
});
type SwitchInput = z.infer<typeof SwitchInput>;
type Context = CommandContext<HaApi>;

export const powerStatus: Command<StatusInput, readonly HostPower[], HaApi> = {
  name: 'status',
  summary: 'Ask the fence devices whether hosts have power',
  arguments: [
    { name: 'host', description: 'as a nodeset (default: all)', many: true, optional: true },
  ],
  options: DEVICE_OPTIONS,
  input: StatusInput,
  examples: ['aureole power status', 'aureole power status "oss[1-4]" -v'],
  async run({ host: words, ...input }, context) {
    const manager = isNamed(input) ? undefined : await findNow(context);
    if (manager?.type === 'answers') {
      const named = words.length === 0 ? [] : await resolveTargets('host', words, context);
      const { devices } = await context.api.powerStatus(named, context.signal);
      const all = manager.status.hosts.map(({ name }) => name);
      return hostPowers(named.length === 0 ? all : named, devices);
    }
    const { hosts, config, run } = await openDevices(words, input, manager, context);
    const parts = { config, state: { hosts: new Map() }, runFenceDevice: run };
    const answer = await askPowerStatus(hosts, parts, context.signal);
    return hostPowers(hosts, 'devices' in answer ? answer.devices : []);
  },
  render: (powers, _look, { verbose }) => renderPowers(powers, verbose),
  verdict: (powers) => (powers.some(({ power }) => power === 'unknown') ? 'failed' : 'done'),
};

export const powerOn = switchCommand('on', {
  summary: 'Switch hosts on',
  examples: ['aureole power on oss1 --wait', 'aureole power on "oss[1-4]"'],
});

export const powerOff = switchCommand('off', {
  summary: 'Switch hosts off on which nothing runs',
  examples: ['aureole power off oss1 --reason "new memory"', 'aureole power off oss1 --dry-run'],
});

function switchCommand(
  wanted: 'on' | 'off',
  words: { readonly summary: string; readonly examples: readonly string[] },
): Command<SwitchInput, readonly TargetAnswer[], HaApi> {
  const force = 'do it although the manager refused, or nobody knows what runs there';
  return {
    ...words,
    name: wanted,
    arguments: [{ name: 'host', description: 'as a nodeset', many: true }],
    options: [
      REASON_OPTION,
      { flags: '--force', description: force },
      ...MOVING_OPTIONS,
      ...DEVICE_OPTIONS,
    ],
    input: SwitchInput,
    async run(input, context) {
      const manager = await findNow(context);
      if (manager.type === 'absent' || isNamed(input)) {
        return await switchWithoutManager(wanted, input, manager, context);
      }
      const { reason, force: isForced, dryRun, wait } = input;
      const targets = await resolveTargets('host', input.host, context);
      const order = {
        verb: `power-${wanted}`,
        targets,
        reason,
        force: isForced,
        dryRun,
        wait,
      } as const;
      return await giveOrders(order, context);
    },
    render: renderAnswers,
    verdict: verdictOf,
  };
}

function findNow({ api, signal }: Context): Promise<FoundManager> {
  return findManager(api, journalPath(undefined, settings()), signal);
}
