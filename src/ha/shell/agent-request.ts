// SPDX-License-Identifier: Apache-2.0
/**
 * One request to an agent, and what its failure proves. Never rejects. A refused or reset connection
 * says that the host's kernel lives, and an answer does so, however strange, a TLS handshake that fails
 * included. No answer says nothing.
 */
import type { z } from 'zod';
import { Refusal } from '../../agent/contract.ts';
import { CLOSED, type ChannelEnd, type ChannelFailure } from './agent-channel.ts';
import { textOf, type HttpAnswer, type HttpQuestion } from './agent-http.ts';
import type { ChannelPool } from './channel-pool.ts';
import { Patience } from './patience.ts';
import { tlsFailure } from './tls-failure.ts';

export type Answer<T> =
  | { readonly type: 'answer'; readonly body: T }
  /** The agent understood, and will not. `resent`: a first copy of the question may have been taken. */
  | {
      readonly type: 'refusal';
      readonly code: Refusal['code'];
      readonly text: string;
      readonly resent: boolean;
    }
  /** The host's kernel closed the connection: it lives, its agent does not answer. */
  | { readonly type: 'refused'; readonly text: string }
  /** No answer in time, or no way there. */
  | { readonly type: 'silent'; readonly text: string }
  /** An answer that no agent of ours gives, or only a part of one: somebody lives there. */
  | { readonly type: 'strange'; readonly text: string };

export type AgentRequest<T> = HttpQuestion & {
  readonly answer: z.ZodType<T>;
  /** For all of it: the wait for a connection, the question, the answer. */
  readonly deadlineMs: number;
};

export type Destination = {
  /** Whose agent it is. */
  readonly name: string;
  readonly isTls: boolean;
  readonly pool: ChannelPool;
};

export async function ask<T>(
  destination: Destination,
  question: AgentRequest<T>,
  signal: AbortSignal,
): Promise<Answer<T>> {
  const { pool, name } = destination;
  const text = textOf(question, name);
  using patience = new Patience(question.deadlineMs, signal);
  let end = await exchange(pool, text, patience);
  // A connection that was kept may have been closed meanwhile, which proves nothing. Every request
  // may be sent twice: polls and lists by nature, operations by their request id.
  const resent = end.type === 'failure' && wasClosedWhileKept(end.failure) && !patience.isOver;
  if (resent) end = await exchange(pool, text, patience);
  if (end.type === 'answer') return understand(question.answer, end.answer, resent);
  const { failure } = end;
  if (failure.hasBegun) return { type: 'strange', text: `its answer broke off: ${failure.text}` };
  // Whatever else the connection that we gave up says is our own doing.
  if (patience.isOver) return unanswered(failure, 'no answer in time');
  return meaningOf(failure, destination);
}

function exchange(pool: ChannelPool, text: string, patience: Patience): Promise<ChannelEnd> {
  return new Promise((resolve) => {
    const abandon = pool.ask(text, resolve);
    patience.whenOver(abandon);
  });
}

function wasClosedWhileKept({ code, wasKept, hasBegun }: ChannelFailure): boolean {
  return wasKept && !hasBegun && CLOSED.has(code);
}

function understand<T>(
  expected: z.ZodType<T>,
  { status, body }: HttpAnswer,
  resent: boolean,
): Answer<T> {
  const value = parseJson(body);
  if (status === 200) {
    const parsed = expected.safeParse(value);
    if (parsed.success) return { type: 'answer', body: parsed.data };
  } else if (status >= 400 && status < 500) {
    const refusal = Refusal.safeParse(value);
    if (refusal.success) {
      const { code, message: text } = refusal.data;
      return { type: 'refusal', code, text, resent };
    }
  }
  return { type: 'strange', text: `unexpected answer (status ${status}): is this an agent?` };
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

function meaningOf(failure: ChannelFailure, { name, isTls }: Destination): Answer<never> {
  const { code, text } = failure;
  const tls = tlsFailure(code, text, name);
  if (tls !== undefined) return { type: 'strange', text: tls };
  if (code === 'ECONNREFUSED') return { type: 'refused', text };
  if (CLOSED.has(code)) {
    if (isTls || !failure.connected) return { type: 'refused', text };
    // So does one that speaks TLS only.
    return { type: 'strange', text: `it hung up: give the manager a certificate, if it has one` };
  }
  if (code === 'not-http') return { type: 'strange', text: `not HTTP: ${text}` };
  return unanswered(failure, text);
}

/** A byte that came after the question was sent is a sign of life, whatever it was to become. */
function unanswered({ heard }: ChannelFailure, text: string): Answer<never> {
  if (!heard) return { type: 'silent', text };
  return { type: 'strange', text: `its answer does not come to an end: ${text}` };
}
