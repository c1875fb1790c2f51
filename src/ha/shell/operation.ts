// SPDX-License-Identifier: Apache-2.0
/**
 * Has one script run on a host, and stays with it to the end. The same request is sent again and
 * again: the agent runs it once. When contact is lost for longer than the script may take, nobody
 * knows how it ended.
 */
import { DEFAULT_TIMEOUT_MS, type Epoch, type Operate } from '../../agent/contract.ts';
import type { Instant } from '../../kernel/machine.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Mailbox } from '../../runtime/mailbox.ts';
import type { ResourceSettings } from '../config.ts';
import type { HaCommand, HaEvent, OperationOutcome } from '../core/messages.ts';
import type { AgentClient } from './agent-client.ts';
import { supersededBy } from './superseded.ts';

export type OperateCommand = Extract<HaCommand, { type: 'operate' }>;
export type OperationResult = Extract<HaEvent, { type: 'operation-result' }>;

export type OperationPorts = {
  readonly client: AgentClient;
  readonly clock: Clock;
  readonly epoch: Epoch;
  readonly heartbeatTimeoutMs: number;
  /** Hears first, before the result, that the agent obeys another manager. */
  readonly inbox: Mailbox<HaEvent>;
};

/** How long the agent holds the question while the script runs. */
const WAIT_MS = 2_000;
/** After its time-out a script is asked to end, then made to; then the agent tells. */
const KILL_GRACE_MS = 10_000;

export async function runOperation(
  command: OperateCommand,
  resource: ResourceSettings,
  { client, clock, epoch, heartbeatTimeoutMs, inbox }: OperationPorts,
  signal: AbortSignal,
): Promise<OperationResult> {
  const order = orderOf(command, resource, epoch);
  const begunAt = clock.now();
  let timeoutMs = order.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  let incarnation = '';
  const resultOf = (outcome: OperationOutcome): OperationResult => {
    const { host, request, boot } = command;
    return { type: 'operation-result', host, request, boot, incarnation, outcome };
  };
  for (let attempt = 1; ; attempt++) {
    const askedAt = clock.now();
    const answer = await client.operate(order, WAIT_MS + heartbeatTimeoutMs / 2, signal);
    if (signal.aborted) return resultOf({ type: 'unreachable', text: 'the manager ends' });
    if (answer.type === 'answer') {
      ({ timeoutMs, incarnation } = answer.body);
      if (answer.body.outcome !== undefined) return resultOf(answer.body.outcome);
    } else if (answer.type === 'refusal') {
      const superseded = supersededBy(command.host, answer, askedAt);
      // Not awaited: the result goes into the same box behind it.
      if (superseded !== undefined) void inbox.put(superseded);
      return resultOf(refusedOutcome(answer.text, attempt === 1 && !answer.resent));
    }
    const giveUpAt: Instant = begunAt + timeoutMs + KILL_GRACE_MS + heartbeatTimeoutMs;
    if (clock.now() >= giveUpAt) {
      const text =
        answer.type === 'answer'
          ? 'it still runs after its time-out'
          : `no contact: ${answer.text}`;
      return resultOf({ type: 'unreachable', text });
    }
    if (answer.type !== 'answer') await clock.sleepUntil(askedAt + heartbeatTimeoutMs / 16, signal);
  }
}

function orderOf(command: OperateCommand, resource: ResourceSettings, epoch: Epoch): Operate {
  const { boot, operation, sequence } = command;
  const timeoutMs = resource.timeouts[operation];
  return {
    epoch,
    // An agent that was taken over may remember the same number of another journal.
    request: `${epoch.journal}/${command.request}`,
    sequence,
    boot,
    operation,
    resource: { name: command.resource, kind: resource.kind, parameters: resource.parameters },
    ...(timeoutMs !== undefined && { timeoutMs }),
    waitMs: WAIT_MS,
  };
}

/**
 * A first request that is refused was certainly not run. Of a later one an earlier copy may have
 * been: its answer was lost.
 */
function refusedOutcome(text: string, isFirst: boolean): OperationOutcome {
  return isFirst ? { type: 'not-run', text } : { type: 'lost', text };
}
