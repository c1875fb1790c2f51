// SPDX-License-Identifier: Apache-2.0
/** What can keep an agent from starting, and how it says no to an order. */
import { AureoleError } from '../kernel/error.ts';
import type { Refusal } from './contract.ts';

export type AgentFailure = {
  readonly code:
    | 'agent-state-damaged'
    | 'agent-run-directory-in-use'
    | 'agent-run-directory-unusable'
    | 'agent-listen-failed'
    | 'agent-listen-insecure'
    | 'usage';
};

export class AgentError extends AureoleError<AgentFailure> {}

/** An order that is not carried out; nothing has been done. */
export class RefusedError extends AureoleError<{ readonly code: Refusal['code'] }> {
  constructor(code: Refusal['code'], message: string) {
    super(message, { code }, { effect: 'none' });
  }
}
