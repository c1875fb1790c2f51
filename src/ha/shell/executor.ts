// SPDX-License-Identifier: Apache-2.0
/**
 * Carries out what the core orders. Nothing here decides, and nothing here rejects: each result, also
 * "nobody knows", goes back to the core as an event.
 */
import { connect } from 'node:net';
import type { Epoch } from '../../agent/contract.ts';
import { unreachable } from '../../kernel/unreachable.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Mailbox } from '../../runtime/mailbox.ts';
import type { NetworkAddress } from '../config/hosts.ts';
import type { HaConfig } from '../config.ts';
import type { HaCommand, HaEvent } from '../core/messages.ts';
import type { HostName } from '../core/spec.ts';
import type { RunFenceDevice } from '../fencing/contract.ts';
import type { AgentClient } from './agent-client.ts';
import { runOperation, type OperateCommand } from './operation.ts';

type CommandOf<Type extends HaCommand['type']> = Extract<HaCommand, { type: Type }>;

export type ExecutorPorts = {
  readonly config: HaConfig;
  readonly epoch: Epoch;
  readonly clock: Clock;
  readonly inbox: Mailbox<HaEvent>;
  readonly clients: ReadonlyMap<HostName, AgentClient>;
  readonly runFenceDevice: RunFenceDevice;
  /** Has the host polled at once. */
  readonly hurry: (host: HostName) => void;
  readonly answerOrder: (answer: CommandOf<'answer-order'>) => void;
};

/** Returns at once; the signal ends whatever is under way. */
export type Execute = (command: HaCommand) => void;

export function executor(ports: ExecutorPorts, signal: AbortSignal): Execute {
  const report = (result: Promise<HaEvent>): void =>
    void result.then((event) => (signal.aborted ? undefined : ports.inbox.put(event)));
  return (command) => {
    switch (command.type) {
      case 'operate':
        return report(operate(command, ports, signal));
      case 'power':
        return report(power(command, ports, signal));
      case 'reach':
        return report(reach(command, ports, signal));
      case 'ask-witness':
        return report(askWitness(command, ports.config.witness));
      case 'ask':
        return ports.hurry(command.host);
      case 'answer-order':
        return ports.answerOrder(command);
      case 'fact':
        // Written with its step, and shown from there.
        return undefined;
      default:
        return unreachable(command);
    }
  };
}

async function operate(
  command: OperateCommand,
  ports: ExecutorPorts,
  signal: AbortSignal,
): Promise<HaEvent> {
  const { clock, epoch, config, inbox } = ports;
  const client = ports.clients.get(command.host);
  const resource = config.resources.get(command.resource);
  if (client === undefined || resource === undefined) {
    const { host, request, boot } = command;
    const text = `the configuration has no ${client === undefined ? host : command.resource}`;
    const outcome = { type: 'not-run', text } as const;
    return { type: 'operation-result', host, request, boot, incarnation: '', outcome };
  }
  const { heartbeatTimeoutMs } = config.spec;
  const more = { client, clock, epoch, heartbeatTimeoutMs, inbox };
  // One of its own: of thousands at one signal each would be looked for among all.
  return runOperation(command, resource, more, AbortSignal.any([signal]));
}

async function power(
  { host, request, device: name, action }: CommandOf<'power'>,
  { config, runFenceDevice }: ExecutorPorts,
  signal: AbortSignal,
): Promise<HaEvent> {
  const device = config.devices.get(name);
  const answer =
    device === undefined
      ? ({ outcome: 'failed', text: `the configuration has no device ${name}` } as const)
      : await runFenceDevice(device, action, signal);
  return { type: 'power-result', host, request, ...answer };
}

const REACHED = { answers: 'yes', refused: 'yes', silent: 'no', unknown: 'unknown' } as const;

async function reach(
  { request, from, to, deadlineMs }: CommandOf<'reach'>,
  { clients, config }: ExecutorPorts,
  signal: AbortSignal,
): Promise<HaEvent> {
  const target = config.hosts.get(to);
  const client = clients.get(from);
  if (target === undefined || client === undefined)
    return { type: 'reach-result', request, outcome: 'unknown' };
  // The agent must have given up, and said so, before we do: a busy one has as long for saying it.
  const question = { ...target, deadlineMs: Math.ceil(deadlineMs / 2) };
  const answer = await client.reach(question, deadlineMs, signal);
  const outcome = answer.type === 'answer' ? REACHED[answer.body.outcome] : 'unknown';
  return { type: 'reach-result', request, outcome };
}

/** Only a connection counts: a refusal may come from a firewall of our own. */
function askWitness(
  { request, deadlineMs }: CommandOf<'ask-witness'>,
  witness: NetworkAddress | undefined,
): Promise<HaEvent> {
  return new Promise((resolve) => {
    const answer = (outcome: 'yes' | 'no'): void => {
      clearTimeout(timer);
      socket?.destroy();
      resolve({ type: 'witness-result', request, outcome });
    };
    const timer = setTimeout(answer, deadlineMs, 'no').unref();
    const socket =
      witness && connect({ host: witness.address, port: witness.port }, () => answer('yes'));
    if (socket === undefined) answer('no');
    else socket.once('error', () => answer('no'));
  });
}
