// SPDX-License-Identifier: Apache-2.0
/**
 * One request to an agent, and what its failure proves. Never rejects. A refused or reset connection
 * says that the host's kernel lives, and an answer does so, however strange. No answer says nothing.
 */
import { request } from 'node:http';
import type { Agent, ClientRequest, IncomingMessage } from 'node:http';
import type { z } from 'zod';
import { Refusal } from '../../agent/contract.ts';

export type Answer<T> =
  | { readonly type: 'answer'; readonly body: T }
  /** The agent understood, and will not. */
  | { readonly type: 'refusal'; readonly code: Refusal['code']; readonly text: string }
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

export type Destination = { readonly host: string; readonly port: number; readonly agent: Agent };

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
    const response = await send(destination, question, deadline.signal);
    hasBegun = true;
    return understand(question.answer, response.statusCode, await bodyOf(response));
  } catch (error) {
    if (hasBegun) return { type: 'strange', text: `its answer broke off: ${messageOf(error)}` };
    // Whatever the connection that we gave up says is our own doing.
    if (deadline.signal.aborted) return { type: 'silent', text: 'no answer in time' };
    return meaningOf(error);
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
): Promise<IncomingMessage> {
  const payload = body === undefined ? undefined : JSON.stringify(body);
  const headers = payload === undefined ? {} : { 'content-type': 'application/json' };
  const attempt = (): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const call = request({ host, port, agent, method, path, headers }, resolve);
      const abandon = (): void => {
        // Reset, or the kernel would still deliver the question when the path is mended.
        call.socket?.resetAndDestroy();
        call.destroy();
      };
      signal.addEventListener('abort', abandon);
      call.on('close', () => signal.removeEventListener('abort', abandon));
      call.on('error', (error) => reject(new Failure(error, call)));
      if (signal.aborted) abandon();
      else call.end(payload);
    });
  return attempt().catch((error: unknown) => {
    // A connection that was kept may have been closed meanwhile, which proves nothing. Every request
    // may be sent twice: polls and lists by nature, operations by their request id.
    if (error instanceof Failure && error.onKeptConnection && !signal.aborted) return attempt();
    throw error;
  });
}

class Failure extends Error {
  readonly onKeptConnection: boolean;
  readonly code: string;

  constructor(cause: Error, call: ClientRequest) {
    super(cause.message, { cause });
    this.code = 'code' in cause ? String(cause.code) : '';
    this.onKeptConnection = call.reusedSocket && CLOSED.has(this.code);
  }
}

const CLOSED = new Set(['ECONNRESET', 'EPIPE']);
const KERNEL_LIVES = new Set(['ECONNREFUSED', ...CLOSED]);

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

function understand<T>(expected: z.ZodType<T>, status = 0, body: string): Answer<T> {
  const value = parseJson(body);
  if (status === 200) {
    const parsed = expected.safeParse(value);
    if (parsed.success) return { type: 'answer', body: parsed.data };
  } else if (status >= 400 && status < 500) {
    const refusal = Refusal.safeParse(value);
    if (refusal.success)
      return { type: 'refusal', code: refusal.data.code, text: refusal.data.message };
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

function meaningOf(error: unknown): Answer<never> {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const message = messageOf(error);
  if (KERNEL_LIVES.has(code)) return { type: 'refused', text: message };
  if (code.startsWith('HPE_')) return { type: 'strange', text: `not HTTP: ${message}` };
  return { type: 'silent', text: message };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
