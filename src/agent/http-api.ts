// SPDX-License-Identifier: Apache-2.0
/**
 * The routes of contract.ts. What arrives is parsed here, once; every refusal is JSON. Six routes need
 * no framework, and one would bring Node's implementation of the web's requests and responses with it:
 * more memory than all of the rest of the agent.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { z } from 'zod';
import { messageOf } from '../kernel/error.ts';
import type { Log } from '../runtime/log.ts';
import { peerName } from '../runtime/tls-peer.ts';
import {
  Operate,
  Poll,
  Reach,
  Watch,
  type Beat,
  type Identity,
  type OperationStatus,
  type Outputs,
  type ReachAnswer,
  type Refusal,
} from './contract.ts';
import { RefusedError } from './errors.ts';

export interface AgentApi {
  identity(): Identity;
  /** `by`: the name in the manager's certificate, if it has shown one. */
  watch(watch: Watch, by: string | undefined): void;
  poll(poll: Poll): Promise<Beat>;
  operate(order: Operate, by: string | undefined): Promise<OperationStatus>;
  reach(reach: Reach): Promise<ReachAnswer>;
  outputs(): Outputs;
}

/** Never rejects. */
export type Api = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

type Route = (request: IncomingMessage) => Promise<object>;

const BODY_BYTES_MAX = 1_048_576;
const FAULTS_TOLD_MAX = 5;

export function createApi(agent: AgentApi, log: Log): Api {
  const routes = routesOf(agent);
  return async (request, response) => {
    const { method = '', url = '' } = request;
    const path = url.replace(/[?#].*$/s, '');
    try {
      const route = routes.get(`${method} ${path}`);
      if (route === undefined) {
        throw new RefusedError('unknown-path', `There is no ${method} ${path} here.`);
      }
      answer(response, 200, await route(request));
    } catch (error) {
      // The rest of a body may still be on its way: the connection is of no use for another request.
      if (!request.complete) response.setHeader('Connection', 'close');
      if (error instanceof RefusedError) return refuse(response, error);
      log.error({ path, error: messageOf(error) }, 'a request failed');
      answer(response, 500, { code: 'failed', message: messageOf(error) });
    }
  };
}

function routesOf(agent: AgentApi): ReadonlyMap<string, Route> {
  return new Map<string, Route>([
    ['GET /v1/identity', async () => agent.identity()],
    [
      'PUT /v1/watch',
      async (request) => {
        agent.watch(await bodyOf(request, Watch), ordererOf(request));
        return {};
      },
    ],
    ['POST /v1/poll', async (request) => agent.poll(await bodyOf(request, Poll))],
    [
      'POST /v1/operations',
      async (request) => agent.operate(await bodyOf(request, Operate), ordererOf(request)),
    ],
    ['POST /v1/reach', async (request) => agent.reach(await bodyOf(request, Reach))],
    ['GET /v1/outputs', async () => agent.outputs()],
  ]);
}

function ordererOf({ socket }: IncomingMessage): string | undefined {
  return peerName(socket);
}

async function bodyOf<T>(request: IncomingMessage, schema: z.ZodType<T>): Promise<T> {
  const text = await textOf(request);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new RefusedError('bad-request', `The body is not JSON: ${messageOf(error)}`);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues
    .slice(0, FAULTS_TOLD_MAX)
    .map(({ path, message }) => (path.length === 0 ? message : `${path.join('.')}: ${message}`));
  throw new RefusedError('bad-request', faults.join('; '));
}

function textOf(request: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    const refuseWith = (message: string): void => reject(new RefusedError('bad-request', message));
    const chunks: Buffer[] = [];
    let sizeBytes = 0;
    request.on('data', (chunk: Buffer) => {
      sizeBytes += chunk.length;
      if (sizeBytes <= BODY_BYTES_MAX) chunks.push(chunk);
      else refuseWith(`The body is larger than ${BODY_BYTES_MAX} bytes.`);
    });
    request.once('end', () => resolve(Buffer.concat(chunks).toString()));
    request.once('error', (error) => refuseWith(`The body broke off: ${error.message}`));
  });
}

function refuse(response: ServerResponse, { message, details: { code } }: RefusedError): void {
  const refusal: Refusal = { code, message };
  answer(response, statusOf(code), refusal);
}

function statusOf(code: Refusal['code']): number {
  switch (code) {
    case 'unknown-path':
      return 404;
    case 'bad-request':
      return 400;
    case 'superseded':
    case 'other-journal':
    case 'wrong-boot':
      return 409;
    case 'not-a-manager':
      return 403;
  }
}

function answer(response: ServerResponse, status: number, body: object): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(text),
  });
  response.end(text);
}
