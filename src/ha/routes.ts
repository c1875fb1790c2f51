// SPDX-License-Identifier: Apache-2.0
/** The manager's API as HTTP routes; see contract.ts. Every failure is a problem in JSON: what, and why. */
import type { ServerResponse } from 'node:http';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { Hono } from 'hono';
import type { Context } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { z } from 'zod';
import { OrderRequest } from './contract.ts';
import type { EventView, Explanation, OrderAnswer, Status } from './contract.ts';

export type ManagerApi = {
  readonly status: () => Status;
  readonly events: (query: EventsQuery) => readonly EventView[];
  readonly explain: (name: string) => Promise<Explanation | undefined>;
  readonly order: (request: OrderRequest) => Promise<OrderAnswer | 'busy' | 'late'>;
  /** Answers with a live view, for as long as it is read; false: there are too many. */
  readonly stream: (response: ServerResponse) => boolean;
};

const EventsQuery = z.strictObject({
  before: z.coerce.number().int().min(0).optional(),
  after: z.coerce.number().int().min(0).optional(),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
  host: z.string().optional(),
  group: z.string().optional(),
});
type EventsQuery = z.infer<typeof EventsQuery>;

const ORDER_BYTES_MAX = 16_384;

type ProblemCode = 'bad-request' | 'not-found' | 'too-large' | 'busy' | 'late' | 'failed';
type ProblemStatus = 400 | 404 | 413 | 500 | 503 | 504;

export type ManagerRoutes = Hono<{ Bindings: { outgoing: ServerResponse } }>;

export function managerRoutes(api: ManagerApi): ManagerRoutes {
  const app: ManagerRoutes = new Hono();
  app.get('/v1/status', (c) => c.json(api.status()));
  app.get('/v1/hosts', (c) => c.json({ hosts: api.status().hosts }));
  app.get('/v1/groups', (c) => c.json({ groups: api.status().groups }));
  app.get('/v1/hosts/:name', (c) => {
    const name = c.req.param('name');
    const host = api.status().hosts.find((one) => one.name === name);
    return host === undefined ? noSuch(c, 'host', name) : c.json(host);
  });
  app.get('/v1/groups/:name', (c) => {
    const name = c.req.param('name');
    const group = api.status().groups.find((one) => one.name === name);
    return group === undefined ? noSuch(c, 'resource group', name) : c.json(group);
  });
  app.get('/v1/events', (c) => {
    const query = EventsQuery.safeParse(c.req.query());
    if (!query.success) return badRequest(c, query.error);
    return c.json({ events: api.events(query.data) });
  });
  app.get('/v1/explain/:name', async (c) => {
    const name = c.req.param('name');
    const explanation = await api.explain(name);
    return explanation === undefined
      ? noSuch(c, 'host, resource group or resource', name)
      : c.json(explanation);
  });
  const tooLarge = (c: Context): Response =>
    problem(c, 413, 'too-large', `an order has at most ${ORDER_BYTES_MAX} bytes`);
  app.post('/v1/orders', bodyLimit({ maxSize: ORDER_BYTES_MAX, onError: tooLarge }), (c) =>
    order(c, api),
  );
  app.get('/v1/stream', (c) => {
    if (api.stream(c.env.outgoing)) return RESPONSE_ALREADY_SENT;
    return problem(c, 503, 'busy', 'too many live views are open');
  });
  app.notFound((c) => problem(c, 404, 'not-found', `no route ${c.req.method} ${c.req.path}`));
  app.onError((error, c) => problem(c, 500, 'failed', error.message));
  return app;
}

async function order(c: Context, api: ManagerApi): Promise<Response> {
  const body: unknown = await c.req.json().catch(() => undefined);
  const request = OrderRequest.safeParse(body);
  if (!request.success) return badRequest(c, request.error);
  const answer = await api.order(request.data);
  if (answer === 'busy')
    return problem(c, 503, 'busy', 'too many orders wait for an answer; nothing was done');
  if (answer === 'late')
    return problem(c, 504, 'late', 'no answer in time; it may still be done: look at the events');
  return c.json(answer);
}

function noSuch(c: Context, what: string, name: string): Response {
  return problem(c, 404, 'not-found', `the configuration has no ${what} "${name}"`);
}

function badRequest(c: Context, error: z.ZodError): Response {
  const places = error.issues.map((issue) => `${issue.path.join('.') || 'body'}: ${issue.message}`);
  return problem(c, 400, 'bad-request', places.join('; '));
}

function problem(c: Context, status: ProblemStatus, code: ProblemCode, message: string): Response {
  return c.json({ code, message }, status);
}
