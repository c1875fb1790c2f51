// SPDX-License-Identifier: Apache-2.0
/** What the manager decided, why, and what happened: for the log. Written here and nowhere by hand. */
import type { Step } from '../../kernel/machine.ts';
import type { Log } from '../../runtime/log.ts';
import type { Cause } from '../../runtime/runner.ts';
import type { EventView } from '../contract.ts';
import type { HaCommand, HaEvent } from '../core/messages.ts';

/** Each step that had something done; the others only for who looks closely. */
export function logStep(
  log: Log,
  step: Pick<Step<unknown, HaCommand>, 'commands' | 'reason'>,
  cause: Cause<HaEvent>,
): void {
  const commands = step.commands.flatMap(wordsOf);
  const line = { event: cause.type, ...placeOf(cause), reason: step.reason, commands };
  if (commands.length > 0) log.info(line, 'step');
  else log.debug(line, 'step');
}

export function logFacts(log: Log, events: readonly EventView[]): void {
  for (const { severity, name, time: _, ...fact } of events)
    if (severity === 'alarm') log.error(fact, name);
    else if (severity === 'warning') log.warn(fact, name);
    else log.info(fact, name);
}

function placeOf(cause: Cause<HaEvent>): { host?: string; request?: string } {
  return {
    ...('host' in cause && { host: cause.host }),
    ...('request' in cause && { request: cause.request }),
  };
}

/** Questions that only bring a beat forward, and facts, which have lines of their own, are left out. */
function wordsOf(command: HaCommand): readonly string[] {
  switch (command.type) {
    case 'operate': {
      const { operation, resource, host, request, reason } = command;
      return [`${operation} ${resource} on ${host} (${request}): ${reason}`];
    }
    case 'power': {
      const { action, device, request, reason } = command;
      return [`power ${action} ${device} (${request}): ${reason}`];
    }
    case 'reach':
      return [`ask ${command.from} whether it reaches ${command.to} (${command.request})`];
    case 'ask-witness':
      return [`ask the witness (${command.request})`];
    case 'answer-order':
      return [`answer order ${command.id}: ${command.outcome}`];
    case 'ask':
    case 'fact':
      return [];
  }
}
