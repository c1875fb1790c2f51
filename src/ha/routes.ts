// SPDX-License-Identifier: Apache-2.0
/** The manager's API as HTTP routes; see contract.ts. Every failure is a problem in JSON: what, and why. */
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { Hono } from 'hono';
import type { Context as AnyContext } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { z } from 'zod';
import { ClearRequest, EventView, OrderRequest, PowerQuestion } from './contract.ts';
import type { Explanation } from './contract.ts';
import { guard, signedBy, type Door, type DoorEnv } from './door.ts';
import { mountHaloRoutes } from './halo/routes.ts';
import type { ManagerApi } from './manager-api.ts';
import { HOSTS_ASKED_MAX } from './shell/journal-events.ts';

const once = <T extends z.ZodType>(value: T) =>
  z.tuple([value], 'give it once').transform(([only]) => only);
const instant = z.iso
  .datetime({ offset: true, error: 'write an instant with its zone, like 2026-01-31T18:00:00Z' })
  .transform((text) => new Date(text).toISOString());

const EventsQuery = z
  .strictObject({
    before: once(z.coerce.number().int().min(0)).optional(),
    after: once(z.coerce.number().int().min(0)).optional(),
    limit: once(z.coerce.number().int().min(1).max(1_000)).default(100),
    since: once(instant).optional(),
    until: once(instant).optional(),
    severity: once(EventView.shape.severity).optional(),
    uncleared: once(z.stringbool()).optional(),
    host: z.array(z.string()).max(HOSTS_ASKED_MAX, `at most ${HOSTS_ASKED_MAX} hosts`).optional(),
    group: once(z.string()).optional(),
  })
  .transform(({ host, ...query }) => ({ ...query, hosts: host }));

const BODY_BYTES_MAX = 16_384;
const HOST_LIST_BYTES_MAX = 1_048_576;

type ProblemCode =
  | 'bad-request'
  | 'forbidden'
  | 'not-found'
  | 'too-large'
  | 'busy'
  | 'late'
  | 'failed';
type ProblemStatus = 400 | 403 | 404 | 413 | 500 | 503 | 504;

export type ManagerRoutes = Hono<DoorEnv>;
type Context = AnyContext<DoorEnv>;

export function managerRoutes(api: ManagerApi, door: Door): ManagerRoutes {
  const app: ManagerRoutes = new Hono();
  app.use(guard(door));
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
    const query = EventsQuery.safeParse(c.req.queries());
    if (!query.success) return badRequest(c, query.error);
    return c.json({ events: api.events(query.data) });
  });
  app.get('/v1/node-groups', (c) => c.json({ groups: Object.fromEntries(api.nodeGroups()) }));
  app.get('/v1/config', (c) => {
    if (c.get('visitor').may === 'order') return c.json(api.config());
    const why = 'the configuration is shown to operators only, since it may hold secrets';
    return problem(c, 403, 'forbidden', why);
  });
  app.get('/v1/explain/:name', async (c) => {
    const name = c.req.param('name');
    const explanation = await api.explain(name);
    if (explanation === undefined) return noSuch(c, 'host, resource group or resource', name);
    return c.json(c.get('visitor').may === 'order' ? explanation : withoutOutputs(explanation));
  });
  const limitedTo = (maxSize: number) =>
    bodyLimit({
      maxSize,
      onError: (c) => problem(c, 413, 'too-large', `a request has at most ${maxSize} bytes`),
    });
  const limited = limitedTo(BODY_BYTES_MAX);
  app.post('/v1/orders', limited, (c) => order(c, api));
  app.post('/v1/events/clear', limited, async (c) => {
    const request = ClearRequest.safeParse(await bodyOf(c));
    if (!request.success) return badRequest(c, request.error);
    const by = await signedBy(c.get('visitor'), request.data.operator);
    return c.json({ cleared: api.clearEvents({ ...request.data, ...by }) });
  });
  app.post('/v1/power/status', limitedTo(HOST_LIST_BYTES_MAX), (c) => powerStatus(c, api));
  app.get('/v1/stream', (c) => {
    if (api.stream(c.env.outgoing, door.name)) return RESPONSE_ALREADY_SENT;
    return problem(c, 503, 'busy', 'too many live views are open');
  });
  mountHaloRoutes(app, api);
  app.notFound((c) => problem(c, 404, 'not-found', `no route ${c.req.method} ${c.req.path}`));
  app.onError((error, c) => problem(c, 500, 'failed', error.message));
  return app;
}

async function order(c: Context, api: ManagerApi): Promise<Response> {
  const request = OrderRequest.safeParse(await bodyOf(c));
  if (!request.success) return badRequest(c, request.error);
  const by = await signedBy(c.get('visitor'), request.data.operator);
  const answer = await api.order({ ...request.data, ...by });
  if (answer === 'busy')
    return problem(c, 503, 'busy', 'too many orders wait for an answer; nothing was done');
  if (answer === 'late')
    return problem(c, 504, 'late', 'no answer in time; it may still be done: look at the events');
  return c.json(answer);
}

async function powerStatus(c: Context, api: ManagerApi): Promise<Response> {
  const question = PowerQuestion.safeParse(await bodyOf(c));
  if (!question.success) return badRequest(c, question.error);
  const answer = await api.powerStatus(question.data.hosts);
  return 'unknown' in answer ? noSuch(c, 'host', answer.unknown) : c.json(answer);
}

/** A script that fails may print what it was given, passwords included: that is not for everybody. */
function withoutOutputs(explanation: Explanation): Explanation {
  const stderr = 'shown to operators only, since scripts may print secrets';
  const outputs = explanation.outputs.map((output) => ({ ...output, stdout: '', stderr }));
  return { ...explanation, outputs };
}

/** What is not JSON is told as what is missing in it. */
function bodyOf(c: Context): Promise<unknown> {
  return c.req.json().catch(() => undefined);
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
