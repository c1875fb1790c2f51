// SPDX-License-Identifier: Apache-2.0
/**
 * The power of hosts where no manager is asked: by the fence devices of the configuration, or by a fence
 * agent that is named on the command line. Nobody knows then what runs on a host, so off takes --force.
 */
import { AureoleError } from '../../kernel/error.ts';
import { parseNodeSet } from '../../model/node-set.ts';
import { foldNames } from '../../model/node-set/fold.ts';
import type { CommandContext } from '../../runtime/command.ts';
import { settings } from '../../runtime/settings.ts';
import { loadConfig } from '../config.ts';
import type { RunFenceDevice } from '../fencing/contract.ts';
import { fenceDeviceRunner } from '../fencing/run.ts';
import { agentPort, configPath, DEFAULT_SOCKET } from '../places.ts';
import type { DevicesOfHosts } from '../shell/power-status.ts';
import { switchHost } from './direct.ts';
import type { FoundManager } from './find-manager.ts';
import { namedDevices, type NamedAgent } from './named-device.ts';

/** Whose fence devices, and by which of them. */
export type DeviceChoice = Omit<NamedAgent, 'fenceAgent'> & {
  readonly fenceAgent?: string | undefined;
  readonly config?: string | undefined;
  readonly verbose: boolean;
};

type SwitchWish = DeviceChoice & {
  readonly host: readonly string[];
  readonly force: boolean;
  readonly dryRun: boolean;
};

type HostAnswer = {
  readonly target: string;
  readonly outcome: 'done' | 'refused' | 'failed' | 'unknown';
  readonly text: string;
};

type Context = Pick<CommandContext<unknown>, 'askSecret' | 'signal' | 'warn'>;

export async function switchWithoutManager(
  wanted: 'on' | 'off',
  input: SwitchWish,
  manager: FoundManager,
  context: Context,
): Promise<readonly HostAnswer[]> {
  const { hosts, config, run } = await openDevices(input.host, input, manager, context);
  const answers: HostAnswer[] = [];
  for (const target of hosts) {
    const levels = config.spec.hosts.get(target)?.levels ?? [];
    const why = whyNot(wanted, target, input, manager);
    if (why !== undefined) {
      answers.push({ target, outcome: 'refused', text: why });
    } else if (input.dryRun) {
      const devices = levels.map((level) => level.join(' and ')).join(', else ');
      answers.push({ target, outcome: 'done', text: `${wanted} by ${devices}` });
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
  { force }: SwitchWish,
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

export async function openDevices(
  words: readonly string[],
  input: DeviceChoice,
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

export function isNamed<Choice extends DeviceChoice>(
  input: Choice,
): input is Choice & { readonly fenceAgent: string } {
  return input.fenceAgent !== undefined;
}

function usage(message: string): AureoleError {
  return new AureoleError(message, { code: 'usage' }, { effect: 'none' });
}
