// SPDX-License-Identifier: Apache-2.0
/**
 * HALO's four HTTP routes beside our own, for programs that were written for HALO: its JSON, its codes
 * and its texts. Errors are plain text, and a command that was carried out has an empty answer.
 */
import type { Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { z } from 'zod';
import type { OrderAnswer, OrderRequest } from '../contract.ts';
import { signedBy, type DoorEnv } from '../door.ts';
import type { ManagerApi } from '../manager-api.ts';
import { commandHost, haloAnswer, OBSERVES, type HaloAnswer } from './host-command.ts';
import { haloStatus, NAMES_TOLD, type ParametersOf } from './status.ts';

type HaloApi = Pick<
  ManagerApi,
  'status' | 'events' | 'parametersOf' | 'order' | 'clearEvents' | 'fenceEnd'
>;

/** HALO sends all it ever wrote; ours are more, and `/v1/events` has them. */
const EVENTS_TOLD = 1_000;
const BODY_BYTES_MAX = 16_384;
const FENCE_WAIT_MS = 120_000;

const Comment = z.string().max(1_024).nullish();
const ResourceCommand = z.object({ managed: z.boolean(), comment: Comment });
const HostCommandBody = z.object({
  command: z.string(),
  force: z.boolean().nullish(),
  comment: Comment,
});

export function mountHaloRoutes(app: Hono<DoorEnv>, api: HaloApi): void {
  const limited = bodyLimit({
    maxSize: BODY_BYTES_MAX,
    onError: (c) => c.text(`A command has at most ${BODY_BYTES_MAX} bytes.`, 413),
  });
  app.get('/status', (c) => {
    const mayOrder = c.get('visitor').may === 'order';
    // Passwords may be among them: they are not for everybody.
    const parametersOf: ParametersOf = (name) => (mayOrder ? api.parametersOf(name) : {});
    const events = api.events({ names: NAMES_TOLD, limit: EVENTS_TOLD });
    return c.json(haloStatus(api.status(), events, parametersOf));
  });
  app.all('/status', notAllowed('GET,HEAD'));
  app.patch('/resources/:id', limited, (c) => manage(c, api, c.req.param('id')));
  app.all('/resources/:id', notAllowed('PATCH'));
  app.post('/hosts/:id', limited, (c) => command(c, api, c.req.param('id')));
  app.all('/hosts/:id', notAllowed('POST'));
  app.post('/clear_events', (c) => clear(c, api));
  app.all('/clear_events', notAllowed('POST'));
}

type Call = Context<DoorEnv>;

async function manage(c: Call, api: HaloApi, target: string): Promise<Response> {
  const body = await bodyOf(c, ResourceCommand);
  if (body instanceof Response) return body;
  const { mode, groups } = api.status();
  if (mode === 'observe') return said(c, OBSERVES);
  if (!groups.some(({ name }) => name === target))
    return said(c, { status: 404, text: 'Resource group not found.' });
  const verb = body.managed ? 'manage' : 'unmanage';
  const order = { verb, target, force: false, reason: body.comment ?? '' } as const;
  return said(c, haloAnswer(await give(c, api, order)));
}

async function command(c: Call, api: HaloApi, host: string): Promise<Response> {
  const body = await bodyOf(c, HostCommandBody);
  if (body instanceof Response) return body;
  const signal = AbortSignal.any([c.req.raw.signal, AbortSignal.timeout(FENCE_WAIT_MS)]);
  const hands = {
    order: (order: Parameters<typeof give>[2]) => give(c, api, order),
    fenceEnd: (name: string) => api.fenceEnd(name, signal),
  };
  return said(c, await commandHost(host, body, api.status(), hands));
}

async function clear(c: Call, api: HaloApi): Promise<Response> {
  const by = await signedBy(c.get('visitor'), '');
  try {
    api.clearEvents({ reason: '', ...by });
  } catch {
    return c.text('Failed to append record to statefile.', 500);
  }
  return c.body(null, 200);
}

async function give(
  c: Call,
  api: HaloApi,
  order: Pick<OrderRequest, 'verb' | 'target' | 'force' | 'reason'>,
): Promise<OrderAnswer | 'busy' | 'late'> {
  const by = await signedBy(c.get('visitor'), '');
  return api.order({ ...order, dryRun: false, ...by });
}

/** The body, or the answer to what is none. */
async function bodyOf<T>(c: Call, schema: z.ZodType<T>): Promise<T | Response> {
  const type = c.req.header('content-type') ?? '';
  if (!/^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i.test(type))
    return c.text('Expected request with `Content-Type: application/json`', 415);
  const text = await c.req.text();
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return c.text('Failed to parse the request body as JSON', 400);
  }
  const body = schema.safeParse(value);
  if (body.success) return body.data;
  const places = body.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  return c.text(`The JSON body is not what it should be: ${places.join('; ')}`, 422);
}

function said(c: Call, { status, text }: HaloAnswer): Response {
  return text === '' ? c.body(null, status) : c.text(text, status);
}

function notAllowed(methods: string): (c: Call) => Response {
  return (c) => c.body(null, 405, { allow: methods });
}
