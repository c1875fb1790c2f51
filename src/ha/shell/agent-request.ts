// SPDX-License-Identifier: Apache-2.0
/**
 * One request to an agent, and what its failure proves. Never rejects. A refused or reset connection
 * says that the host's kernel lives, and an answer does so, however strange, a TLS handshake that fails
 * included. No answer says nothing.
 */
import { request } from 'node:http';
import type { Agent, ClientRequest, IncomingMessage } from 'node:http';
import { Agent as TlsAgent } from 'node:https';
import type { Socket } from 'node:net';
import type { z } from 'zod';
import { Refusal } from '../../agent/contract.ts';
import { messageOf } from '../../kernel/error.ts';
import { tcpBelow } from './agent-connections.ts';
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

export type AgentRequest<T> = {
  readonly method: 'GET' | 'PUT' | 'POST';
  readonly path: string;
  readonly body?: unknown;
  readonly answer: z.ZodType<T>;
  /** For all of it: the wait for a connection, the question, the answer. */
  readonly deadlineMs: number;
};

export type Destination = {
  /** Whose agent it is. */
  readonly name: string;
  /** An address, or a name that leads to one. */
  readonly host: string;
  readonly port: number;
  readonly agent: Agent;
};

/** Outputs of many resources; an agent of ours stays far below. */
const ANSWER_BYTES_MAX = 32 * 1_048_576;

export async function ask<T>(
  destination: Destination,
  question: AgentRequest<T>,
  signal: AbortSignal,
): Promise<Answer<T>> {
  const deadline = startDeadline(question.deadlineMs, signal);
  let hasBegun = false;
  try {
    const { response, resent } = await send(destination, question, deadline.signal);
    hasBegun = true;
    const body = await bodyOf(response);
    return understand(question.answer, { status: response.statusCode ?? 0, body, resent });
  } catch (error) {
    if (hasBegun) return { type: 'strange', text: `its answer broke off: ${messageOf(error)}` };
    const failure = error instanceof Failure ? error : undefined;
    // Whatever else the connection that we gave up says is our own doing.
    if (deadline.signal.aborted) return unanswered(failure, 'no answer in time');
    return meaningOf(failure, messageOf(error), destination);
  } finally {
    deadline.clear();
  }
}

/**
 * When its time is over, the loop gets one more turn to read what has arrived: after a stall of our
 * own, the answer may have been here all the time.
 */
function startDeadline(
  durationMs: number,
  signal: AbortSignal,
): { signal: AbortSignal; clear: () => void } {
  const over = new AbortController();
  const abort = (): void => over.abort();
  let lastTurn: NodeJS.Immediate | undefined;
  const timer = setTimeout(() => void (lastTurn = setImmediate(abort)), durationMs);
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort);
  const clear = (): void => {
    clearTimeout(timer);
    clearImmediate(lastTurn);
    signal.removeEventListener('abort', abort);
  };
  return { signal: over.signal, clear };
}

function send(
  { host, port, agent }: Destination,
  { method, path, body }: AgentRequest<unknown>,
  signal: AbortSignal,
): Promise<{ readonly response: IncomingMessage; readonly resent: boolean }> {
  const payload = body === undefined ? undefined : JSON.stringify(body);
  const headers = payload === undefined ? {} : { 'content-type': 'application/json' };
  const protocol = agent instanceof TlsAgent ? 'https:' : 'http:';
  const attempt = (resent: boolean): ReturnType<typeof send> =>
    new Promise((resolve, reject) => {
      let tcp: Socket | undefined;
      const call = request({ protocol, host, port, agent, method, path, headers }, (response) =>
        resolve({ response, resent }),
      );
      const abandon = (): void => {
        // Reset, or the kernel would still deliver the question when the path is mended.
        tcp?.resetAndDestroy();
        call.destroy();
      };
      signal.addEventListener('abort', abandon);
      call.on('close', () => signal.removeEventListener('abort', abandon));
      call.once('socket', (socket) => (tcp = tcpBelow(socket)));
      call.on('error', (error) => reject(new Failure(error, call, tcp)));
      if (signal.aborted) abandon();
      else call.end(payload);
    });
  return attempt(false).catch((error: unknown) => {
    // A connection that was kept may have been closed meanwhile, which proves nothing. Every request
    // may be sent twice: polls and lists by nature, operations by their request id.
    if (error instanceof Failure && error.onKeptConnection && !signal.aborted) return attempt(true);
    throw error;
  });
}

class Failure extends Error {
  readonly code: string;
  readonly onKeptConnection: boolean;
  /** On a connection that was made for this question. */
  readonly connected: boolean;
  readonly heard: boolean;

  constructor(cause: Error, call: ClientRequest, tcp: Socket | undefined) {
    super(cause.message, { cause });
    this.code = 'code' in cause ? String(cause.code) : '';
    this.onKeptConnection = call.reusedSocket && CLOSED.has(this.code);
    this.connected = !call.reusedSocket && (tcp?.bytesWritten ?? 0) > 0;
    this.heard = !call.reusedSocket && (tcp?.bytesRead ?? 0) > 0;
  }
}

const CLOSED = new Set(['ECONNRESET', 'EPIPE']);

async function bodyOf(response: IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of response) {
    if (!(chunk instanceof Uint8Array)) throw new TypeError('bytes were expected');
    sizeBytes += chunk.length;
    if (sizeBytes > ANSWER_BYTES_MAX) throw new Error('the answer is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function understand<T>(
  expected: z.ZodType<T>,
  { status, body, resent }: { status: number; body: string; resent: boolean },
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

function meaningOf(
  failure: Failure | undefined,
  text: string,
  { name, agent }: Destination,
): Answer<never> {
  const { code = '' } = failure ?? {};
  const tls = tlsFailure(code, text, name);
  if (tls !== undefined) return { type: 'strange', text: tls };
  if (code === 'ECONNREFUSED') return { type: 'refused', text };
  if (CLOSED.has(code)) {
    if (agent instanceof TlsAgent || failure?.connected !== true) return { type: 'refused', text };
    // So does one that speaks TLS only.
    return { type: 'strange', text: `it hung up: give the manager a certificate, if it has one` };
  }
  if (code.startsWith('HPE_')) return { type: 'strange', text: `not HTTP: ${text}` };
  return unanswered(failure, text);
}

/** A byte that came after the question was sent is a sign of life, whatever it was to become. */
function unanswered(failure: Failure | undefined, text: string): Answer<never> {
  if (failure?.heard !== true) return { type: 'silent', text };
  return { type: 'strange', text: `its answer does not come to an end: ${text}` };
}
