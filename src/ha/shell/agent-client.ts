// SPDX-License-Identifier: Apache-2.0
/** The agent of one host, as the manager speaks to it: each call has a deadline, connections are few. */
import { Agent } from 'node:http';
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
import { ask, type AgentRequest, type Answer } from './agent-request.ts';

/** A poll is held open; the one that takes its place may begin before the old one is closed. */
const POLL_CONNECTIONS = 2;
const OTHER_CONNECTIONS = 32;
const IDLE_CONNECTIONS = 4;

export class AgentClient implements Disposable {
  readonly #address: NetworkAddress;
  readonly #polls = new Agent({ keepAlive: true, maxSockets: POLL_CONNECTIONS });
  readonly #others = new Agent({
    keepAlive: true,
    maxSockets: OTHER_CONNECTIONS,
    maxFreeSockets: IDLE_CONNECTIONS,
  });

  constructor(address: NetworkAddress) {
    this.#address = address;
  }

  identity(deadlineMs: number, signal: AbortSignal): Promise<Answer<Identity>> {
    const question = { method: 'GET', path: '/v1/identity', answer: Identity, deadlineMs } as const;
    return this.#ask(this.#polls, question, signal);
  }

  watch(body: Watch, deadlineMs: number, signal: AbortSignal): Promise<Answer<object>> {
    const question = {
      method: 'PUT',
      path: '/v1/watch',
      body,
      answer: z.object({}),
      deadlineMs,
    } as const;
    return this.#ask(this.#polls, question, signal);
  }

  poll(body: Poll, deadlineMs: number, signal: AbortSignal): Promise<Answer<Beat>> {
    return this.#ask(this.#polls, post('/v1/poll', body, Beat, deadlineMs), signal);
  }

  operate(
    body: Operate,
    deadlineMs: number,
    signal: AbortSignal,
  ): Promise<Answer<OperationStatus>> {
    const question = post('/v1/operations', body, OperationStatus, deadlineMs);
    return this.#ask(this.#others, question, signal);
  }

  reach(body: Reach, deadlineMs: number, signal: AbortSignal): Promise<Answer<ReachAnswer>> {
    return this.#ask(this.#others, post('/v1/reach', body, ReachAnswer, deadlineMs), signal);
  }

  outputs(deadlineMs: number, signal: AbortSignal): Promise<Answer<Outputs>> {
    const question = { method: 'GET', path: '/v1/outputs', answer: Outputs, deadlineMs } as const;
    return this.#ask(this.#others, question, signal);
  }

  #ask<T>(agent: Agent, question: AgentRequest<T>, signal: AbortSignal): Promise<Answer<T>> {
    const { address, port } = this.#address;
    return ask({ host: address, port, agent }, question, signal);
  }

  [Symbol.dispose](): void {
    this.#polls.destroy();
    this.#others.destroy();
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
