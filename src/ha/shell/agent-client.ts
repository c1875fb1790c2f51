// SPDX-License-Identifier: Apache-2.0
/** The agent of one host, as the manager speaks to it: each call has a deadline, connections are few. */
import {
  Beat,
  Identity,
  OperationStatus,
  Outputs,
  ReachAnswer,
  type Operate,
  type Poll,
  type Reach,
  type Watch,
} from '../../agent/contract.ts';
import { z } from 'zod';
import type { NetworkAddress } from '../config/hosts.ts';
import type { HostName } from '../core/spec.ts';
import { AgentConnections, type TlsParts } from './agent-connections.ts';
import type { ChannelPool } from './channel-pool.ts';
import { ask, type AgentRequest, type Answer } from './agent-request.ts';

export class AgentClient implements Disposable {
  readonly #name: HostName;
  readonly #connections: AgentConnections;

  constructor(name: HostName, address: NetworkAddress, tls?: TlsParts) {
    this.#name = name;
    this.#connections = new AgentConnections(name, address, tls);
  }

  /** When the certificate ends that the agent has shown last. */
  get expiresAt(): number | undefined {
    return this.#connections.expiresAt;
  }

  identity(deadlineMs: number, signal: AbortSignal): Promise<Answer<Identity>> {
    const question = { method: 'GET', path: '/v1/identity', answer: Identity, deadlineMs } as const;
    return this.#ask(this.#connections.polls, question, signal);
  }

  watch(body: Watch, deadlineMs: number, signal: AbortSignal): Promise<Answer<object>> {
    const question = {
      method: 'PUT',
      path: '/v1/watch',
      body,
      answer: z.object({}),
      deadlineMs,
    } as const;
    return this.#ask(this.#connections.polls, question, signal);
  }

  poll(body: Poll, deadlineMs: number, signal: AbortSignal): Promise<Answer<Beat>> {
    return this.#ask(this.#connections.polls, post('/v1/poll', body, Beat, deadlineMs), signal);
  }

  operate(
    body: Operate,
    deadlineMs: number,
    signal: AbortSignal,
  ): Promise<Answer<OperationStatus>> {
    const question = post('/v1/operations', body, OperationStatus, deadlineMs);
    return this.#ask(this.#connections.others, question, signal);
  }

  reach(body: Reach, deadlineMs: number, signal: AbortSignal): Promise<Answer<ReachAnswer>> {
    return this.#ask(
      this.#connections.others,
      post('/v1/reach', body, ReachAnswer, deadlineMs),
      signal,
    );
  }

  outputs(deadlineMs: number, signal: AbortSignal): Promise<Answer<Outputs>> {
    const question = { method: 'GET', path: '/v1/outputs', answer: Outputs, deadlineMs } as const;
    return this.#ask(this.#connections.others, question, signal);
  }

  #ask<T>(pool: ChannelPool, question: AgentRequest<T>, signal: AbortSignal): Promise<Answer<T>> {
    return ask({ name: this.#name, isTls: this.#connections.isTls, pool }, question, signal);
  }

  [Symbol.dispose](): void {
    this.#connections[Symbol.dispose]();
  }
}

function post<T>(
  path: string,
  body: unknown,
  answer: z.ZodType<T>,
  deadlineMs: number,
): AgentRequest<T> {
  return { method: 'POST', path, body, answer, deadlineMs };
}
