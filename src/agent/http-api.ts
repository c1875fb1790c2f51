// SPDX-License-Identifier: Apache-2.0
/** The routes of contract.ts. What arrives is parsed here, once; every refusal is JSON. */
import type { HttpBindings } from '@hono/node-server';
import { Hono, type Context } from 'hono';
import { bodyLimit } from 'hono/body-limit';
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

const BODY_BYTES_MAX = 1_048_576;
const FAULTS_TOLD_MAX = 5;

type Env = { Bindings: HttpBindings };

export type Api = Hono<Env>;

export function createApi(agent: AgentApi, log: Log): Api {
  const app: Api = new Hono<Env>();
  app.use(bodyLimit({ maxSize: BODY_BYTES_MAX, onError: refuseTooLarge }));
  app.get('/v1/identity', (c) => c.json(agent.identity()));
  app.put('/v1/watch', async (c) => {
    agent.watch(await body(c, Watch), ordererOf(c));
    return c.json({});
  });
  app.post('/v1/poll', async (c) => c.json(await agent.poll(await body(c, Poll))));
  app.post('/v1/operations', async (c) =>
    c.json(await agent.operate(await body(c, Operate), ordererOf(c))),
  );
  app.post('/v1/reach', async (c) => c.json(await agent.reach(await body(c, Reach))));
  app.get('/v1/outputs', (c) => c.json(agent.outputs()));
  app.notFound((c) => refuse(c, 'unknown-path', `There is no ${c.req.method} ${c.req.path} here.`));
  app.onError((error, c) => {
    if (error instanceof RefusedError) return refuse(c, error.details.code, error.message);
    log.error({ path: c.req.path, error: messageOf(error) }, 'a request failed');
    return c.json({ code: 'failed', message: messageOf(error) }, 500);
  });
  return app;
}

function ordererOf({ env }: Context<Env>): string | undefined {
  return peerName(env.incoming.socket);
}

async function body<T>(c: Context, schema: z.ZodType<T>): Promise<T> {
  let value: unknown;
  try {
    value = JSON.parse(await c.req.text());
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

function refuseTooLarge(c: Context): Response {
  // The rest of the body is still on its way: the connection is of no use for another request.
  c.header('Connection', 'close');
  return refuse(c, 'bad-request', `The body is larger than ${BODY_BYTES_MAX} bytes.`);
}

function refuse(c: Context, code: Refusal['code'], message: string): Response {
  const refusal: Refusal = { code, message };
  if (code === 'unknown-path') return c.json(refusal, 404);
  return c.json(refusal, code === 'bad-request' ? 400 : 409);
}
