// SPDX-License-Identifier: Apache-2.0
/**
 * `aureole power on|off|status`: through the manager, which looks first what runs there and keeps a
 * record. Where certainly no manager is, the fence devices of the configuration are told directly; then
 * nobody knows what runs on a host, so off takes --force.
 */
import { z } from 'zod';
import { AureoleError } from '../../kernel/error.ts';
import { parseNodeSet } from '../../model/node-set.ts';
import { foldNames } from '../../model/node-set/fold.ts';
import type { Command, CommandContext } from '../../runtime/command.ts';
import { settings } from '../../runtime/settings.ts';
import type { HaApi } from '../client.ts';
import { loadConfig } from '../config.ts';
import type { RunFenceDevice } from '../fencing/contract.ts';
import { fenceDeviceRunner } from '../fencing/run.ts';
import { switchHost } from '../power/direct.ts';
import { findManager, type FoundManager } from '../power/find-manager.ts';
import { namedDevices } from '../power/named-device.ts';
import { agentPort, configPath, DEFAULT_CONFIG, DEFAULT_SOCKET, journalPath } from '../places.ts';
import { askPowerStatus, type DevicesOfHosts } from '../shell/power-status.ts';
import { giveOrders } from './order.ts';
import { MOVING, MOVING_OPTIONS, Reason, REASON_OPTION, Targets } from './order-input.ts';
import { renderAnswers, verdictOf, type TargetAnswer } from './show-answers.ts';
import { hostPowers, renderPowers, type HostPower } from './show-power.ts';
import { resolveTargets } from './targets.ts';

const DEVICE_INPUT = {
  config: z.string().min(1, 'write the path of a file').optional(),
  fenceAgent: z.enum(['powerman', 'redfish'], 'write powerman or redfish').optional(),
  username: z.string().min(1, 'write a name').optional(),
  password: z.string().optional(),
  passwordFile: z.string().min(1, 'write the path of a file, or -').optional(),
  verbose: z.boolean().default(false),
};
const DEVICE_OPTIONS = [
  { flags: '-v, --verbose', description: 'tell what each fence device says' },
  {
    flags: '--config <file>',
    description: `where no manager is: whose fence devices (default: $AUREOLE_CONFIG, else ${DEFAULT_CONFIG})`,
  },
  {
    flags: '-f, --fence-agent <name>',
    description: 'directly by powerman or redfish, for hosts that no manager knows',
  },
  { flags: '-l, --username <name>', description: 'for --fence-agent' },
  {
    flags: '--password-file <file>',
    description: 'for --fence-agent; - is standard input (or AUREOLE_FENCE_PASSWORD, or typed)',
  },
  { flags: '-p, --password <password>', description: 'the same, seen by everybody (ps)' },
] as const;

const StatusInput = z.object({ host: z.array(z.string()).default([]), ...DEVICE_INPUT });
type StatusInput = z.infer<typeof StatusInput>;
const SwitchInput = MOVING.extend({
  host: Targets,
  reason: Reason.default(''),
  force: z.boolean().default(false),
  ...DEVICE_INPUT,
});
type SwitchInput = z.infer<typeof SwitchInput>;
type DeviceInput = Omit<StatusInput, 'host'>;
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
        return await switchDirectly(wanted, input, manager, context);
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

async function switchDirectly(
  wanted: 'on' | 'off',
  input: SwitchInput,
  manager: FoundManager,
  context: Context,
): Promise<readonly TargetAnswer[]> {
  const { hosts, config, run } = await openDevices(input.host, input, manager, context);
  const answers: TargetAnswer[] = [];
  for (const target of hosts) {
    const levels = config.spec.hosts.get(target)?.levels ?? [];
    const why = whyNot(wanted, target, input, manager);
    if (why !== undefined) {
      answers.push({ target, outcome: 'refused', text: why });
    } else if (input.dryRun) {
      const devices = levels.map((level) => level.join(' and ')).join(', else ');
      answers.push({ target, outcome: 'done', text: `would be switched ${wanted} by ${devices}` });
    } else {
      const told = await switchHost(levels, wanted, async (name, action) => {
        const device = config.devices.get(name);
        if (device === undefined) return { outcome: 'failed', text: 'there is no such device' };
        const answer = await run(device, action, context.signal);
        if (input.verbose) context.warn(`${name}: ${action}: ${answer.outcome} ${answer.text}`);
        return answer;
      });
      answers.push({ target, ...told });
    }
  }
  return answers;
}

/** Behind a manager's back nothing is switched that it knows of, and nothing is off before somebody looked. */
function whyNot(
  wanted: 'on' | 'off',
  host: string,
  { force }: SwitchInput,
  manager: FoundManager,
): string | undefined {
  if (manager.type === 'answers' && manager.status.hosts.some(({ name }) => name === host)) {
    return 'the manager knows it: leave out --fence-agent, so that it does it and knows of it';
  }
  if (wanted === 'on' || force) return undefined;
  const who = manager.type === 'answers' ? 'the manager does not know it' : 'no manager runs';
  return `${who}, so nobody knows what runs on it: --force cuts its power all the same`;
}

type OpenDevices = {
  readonly hosts: readonly string[];
  readonly config: DevicesOfHosts;
  readonly run: RunFenceDevice;
};

async function openDevices(
  words: readonly string[],
  input: DeviceInput,
  manager: FoundManager | undefined,
  context: Context,
): Promise<OpenDevices> {
  // Whatever manager is started meanwhile ends what it finds on record there before it fences.
  const socket = manager?.type === 'absent' ? manager.socket : DEFAULT_SOCKET;
  const run = fenceDeviceRunner(`${socket}.fencing`);
  const text = words.join(' ');
  if (isNamed(input)) {
    const hosts = parseNodeSet(text);
    if (hosts.length === 0) throw usage('--fence-agent needs hosts: write them as a nodeset');
    return { hosts, config: await namedDevices(hosts, input, context), run };
  }
  const find = settings();
  const config = loadConfig(configPath(input.config, find), agentPort(find));
  const directly = `directly by the fence devices of ${config.path}`;
  context.warn(`no manager at ${socket}: ${directly}, and no manager will know of it`);
  const all = [...config.spec.hosts.keys()];
  const hosts = words.length === 0 ? all : parseNodeSet(text, config.nodeGroups);
  const unknown = hosts.filter((host) => !config.spec.hosts.has(host));
  if (unknown.length === 0) return { hosts, config, run };
  throw usage(`${config.path} has no host ${foldNames(unknown)}; nothing was done`);
}

function isNamed(input: DeviceInput): input is DeviceInput & { readonly fenceAgent: string } {
  return input.fenceAgent !== undefined;
}

function findNow({ api, signal }: Context): Promise<FoundManager> {
  return findManager(api, journalPath(undefined, settings()), signal);
}

function usage(message: string): AureoleError {
  return new AureoleError(message, { code: 'usage' }, { effect: 'none' });
}
