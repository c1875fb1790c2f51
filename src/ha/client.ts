// SPDX-License-Identifier: Apache-2.0
/**
 * The manager's API over its Unix socket, as the command line uses it. Whatever answers is not
 * trusted to be quick, small or well formed, nor its texts to be fit for a terminal.
 */
import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import { AureoleError, type Effect } from '../kernel/error.ts';
import { codeOf, failure, garbled, interrupted, refusal, silent } from './client-failure.ts';
import { parseJson } from './client-json.ts';
import {
  ClearAnswer,
  ConfigView,
  EventView,
  Explanation,
  NodeGroupList,
  OrderAnswer,
  PowerStatus,
  Status,
  viewSocketOf,
} from './contract.ts';
import type { ClearRequest, OrderRequest } from './contract.ts';
import { readMessages } from './client-stream.ts';

export type EventQuery = {
  readonly before?: number;
  readonly after?: number;
  readonly limit?: number;
  /** Instants in ISO 8601. */
  readonly since?: string;
  readonly until?: string;
  /** At least so severe. */
  readonly severity?: EventView['severity'];
  /** Only what came after the last clear. */
  readonly uncleared?: boolean;
  readonly host?: string | readonly string[];
  readonly group?: string;
};

export type StreamMessage =
  | { readonly type: 'status'; readonly status: Status }
  | { readonly type: 'event'; readonly event: EventView };

export type HaApi = {
  readonly status: (signal: AbortSignal) => Promise<Status>;
  readonly events: (query: EventQuery, signal: AbortSignal) => Promise<readonly EventView[]>;
  readonly clearEvents: (request: ClearRequest, signal: AbortSignal) => Promise<ClearAnswer>;
  readonly nodeGroups: (signal: AbortSignal) => Promise<ReadonlyMap<string, string>>;
  /** What it runs with, whatever stands in the file by now. */
  readonly config: (signal: AbortSignal) => Promise<ConfigView>;
  readonly explain: (name: string, signal: AbortSignal) => Promise<Explanation>;
  readonly order: (order: OrderRequest, signal: AbortSignal) => Promise<OrderAnswer>;
  /** Asks the fence devices of these hosts now; of all hosts, if none is named. */
  readonly powerStatus: (hosts: readonly string[], signal: AbortSignal) => Promise<PowerStatus>;
  /** Ends when the manager does or says nothing for long: ask for the status, and listen again. */
  readonly stream: (signal: AbortSignal) => AsyncIterable<StreamMessage>;
};

export type ClientLimits = {
  readonly questionMs: number;
  readonly orderMs: number;
  /** Longer than the manager waits for fence devices that do not answer. */
  readonly powerMs: number;
  readonly streamSilenceMs: number;
  readonly answerBytes: number;
};

export const CLIENT_LIMITS: ClientLimits = {
  questionMs: 10_000,
  // The manager itself gives up after 10 s.
  orderMs: 20_000,
  powerMs: 90_000,
  streamSilenceMs: 30_000,
  answerBytes: 64 * 1024 * 1024,
};

type Question = {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: string;
  readonly timeoutMs: number;
  /** What an answer that never comes means. */
  readonly effect: Effect;
};

const EventList = z.object({ events: z.array(EventView) });

export function haClient(socket: string, limits: ClientLimits = CLIENT_LIMITS): HaApi {
  const get = async <T>(path: string, schema: z.ZodType<T>, signal: AbortSignal): Promise<T> =>
    ask(
      socket,
      limits,
      { method: 'GET', path, timeoutMs: limits.questionMs, effect: 'none' },
      schema,
      signal,
    );
  const post = async <T>(
    path: string,
    body: unknown,
    schema: z.ZodType<T>,
    signal: AbortSignal,
  ): Promise<T> =>
    ask(
      socket,
      limits,
      {
        method: 'POST',
        path,
        body: JSON.stringify(body),
        timeoutMs: limits.orderMs,
        effect: 'unknown',
      },
      schema,
      signal,
    );
  return {
    status: (signal) => get('/v1/status', Status, signal),
    events: async (query, signal) =>
      (await get(`/v1/events?${search(query)}`, EventList, signal)).events,
    nodeGroups: async (signal) => {
      const { groups } = await get('/v1/node-groups', NodeGroupList, signal);
      return new Map(Object.entries(groups));
    },
    config: (signal) => get('/v1/config', ConfigView, signal),
    explain: (name, signal) => get(`/v1/explain/${encodeURIComponent(name)}`, Explanation, signal),
    clearEvents: (request, signal) => post('/v1/events/clear', request, ClearAnswer, signal),
    order: (order, signal) => post('/v1/orders', order, OrderAnswer, signal),
    powerStatus: (hosts, signal) =>
      ask(
        socket,
        limits,
        {
          method: 'POST',
          path: '/v1/power/status',
          body: JSON.stringify({ hosts }),
          timeoutMs: limits.powerMs,
          effect: 'none',
        },
        PowerStatus,
        signal,
      ),
    stream: (signal) => listen(socket, limits, signal),
  };
}

function search(query: EventQuery): string {
  const given = Object.entries(query).flatMap(([key, value]) =>
    [value].flat().flatMap((one) => (one === undefined ? [] : [[key, String(one)]])),
  );
  return new URLSearchParams(given).toString();
}

async function ask<T>(
  socket: string,
  limits: ClientLimits,
  question: Question,
  schema: z.ZodType<T>,
  signal: AbortSignal,
): Promise<T> {
  const deadline = AbortSignal.timeout(question.timeoutMs);
  const whole = AbortSignal.any([signal, deadline]);
  const fail = (cause: unknown): AureoleError => {
    if (signal.aborted) return interrupted(question);
    return deadline.aborted ? silent(socket, question) : failure(socket, cause, question.effect);
  };
  const answer = await open(socket, question, whole).catch((cause: unknown) => {
    throw fail(cause);
  });
  const text = await readAll(answer, limits.answerBytes).catch((cause: unknown) => {
    throw fail(cause);
  });
  const status = answer.statusCode ?? 0;
  if (status < 200 || status > 299) throw refusal(status, text, question.effect);
  const parsed = schema.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  throw garbled(socket, 'what it says is not what the API promises', question.effect);
}

async function* listen(
  socket: string,
  limits: ClientLimits,
  signal: AbortSignal,
): AsyncGenerator<StreamMessage> {
  const question: Question = {
    method: 'GET',
    path: '/v1/stream',
    timeoutMs: limits.questionMs,
    effect: 'none',
  };
  const quiet = new AbortController();
  const whole = AbortSignal.any([signal, quiet.signal]);
  const hush = (): void => quiet.abort();
  let timer = setTimeout(hush, question.timeoutMs);
  const heard = (): void => {
    clearTimeout(timer);
    timer = setTimeout(hush, limits.streamSilenceMs);
  };
  try {
    const answer = await open(socket, question, whole);
    const status = answer.statusCode ?? 0;
    if (status !== 200) throw refusal(status, await readAll(answer, 65_536), 'none');
    heard();
    for await (const { event, data } of readMessages(answer, limits.answerBytes, heard)) {
      const value = parseJson(data);
      const message = event === 'status' ? Status.safeParse(value) : undefined;
      if (message?.success === true) yield { type: 'status', status: message.data };
      const fact = event === 'event' ? EventView.safeParse(value) : undefined;
      if (fact?.success === true) yield { type: 'event', event: fact.data };
    }
  } catch (cause) {
    if (signal.aborted || quiet.signal.aborted) return;
    throw cause instanceof AureoleError ? cause : failure(socket, cause, 'none');
  } finally {
    clearTimeout(timer);
    quiet.abort();
  }
}

/** Who may not order may look, beside it; there he is also told who may order. */
async function open(
  socket: string,
  question: Question,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  try {
    return await send(socket, question, signal);
  } catch (cause) {
    if (!DENIED.has(codeOf(cause))) throw cause;
    return send(viewSocketOf(socket), question, signal).catch(() => {
      throw cause;
    });
  }
}

const DENIED: ReadonlySet<unknown> = new Set(['EACCES', 'EPERM']);

function send(socket: string, question: Question, signal: AbortSignal): Promise<IncomingMessage> {
  const { method, path, body } = question;
  const headers = {
    host: 'aureole',
    accept: 'application/json, text/event-stream',
    ...(body === undefined
      ? {}
      : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) }),
  };
  // An import would run every getter of the module, and one of them loads all of fetch and WebSocket:
  // 30 ms more before the first line of a status.
  const http = process.getBuiltinModule('node:http');
  return new Promise((resolve, reject) => {
    const outgoing = http.request(
      { socketPath: socket, method, path, headers, agent: false, signal },
      resolve,
    );
    outgoing.once('error', reject);
    outgoing.end(body);
  });
}

async function readAll(answer: AsyncIterable<unknown>, bytesMax: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of answer) {
    if (!(chunk instanceof Uint8Array)) continue;
    length += chunk.length;
    if (length > bytesMax) throw new Error(`its answer is larger than ${bytesMax} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
