// SPDX-License-Identifier: Apache-2.0
/**
 * What the command line, other domains and the web page may know of HA: the manager's API under /v1.
 *
 * GET  /v1/status            -> Status
 * GET  /v1/hosts             -> { hosts: HostView[] }      GET /v1/hosts/NAME  -> HostView
 * GET  /v1/groups            -> { groups: GroupView[] }    GET /v1/groups/NAME -> GroupView (NAME percent-encoded)
 * GET  /v1/node-groups       -> NodeGroupList
 * GET  /v1/config            -> ConfigView
 * GET  /v1/events?before=N&after=N&limit=N&host=H&group=G&since=T&until=T&severity=S&uncleared=true
 *                            -> { events: EventView[] }    ascending by id; `host` may repeat
 * POST /v1/events/clear      ClearRequest -> ClearAnswer
 * GET  /v1/explain/NAME      -> Explanation
 * POST /v1/orders            OrderRequest -> OrderAnswer
 * POST /v1/power/status     PowerQuestion -> PowerStatus   each fence device of these hosts is asked now
 * GET  /v1/stream            -> server-sent events: `status` (a Status) and `event` (an EventView)
 */
import { z } from 'zod';
import { VERBS } from './core/messages.ts';

/** Beside the manager's socket, for everybody, for looking only. */
export function viewSocketOf(socket: string): string {
  return `${socket}.view`;
}

export const ResourceView = z.object({
  name: z.string(),
  kind: z.string(),
  parent: z.string().optional(),
  /** What is known of it on each host. */
  hosts: z.array(
    z.object({
      host: z.string(),
      status: z.enum(['running', 'stopped', 'unknown']),
      /** Unknown since a script of it failed there, not only since it was not seen. */
      failed: z.literal(true).optional(),
      /** By what we know it, or why we do not. */
      text: z.string(),
    }),
  ),
});
export type ResourceView = z.infer<typeof ResourceView>;

export const GroupView = z.object({
  name: z.string(),
  homeHost: z.string(),
  failoverHosts: z.array(z.string()),
  managed: z.boolean(),
  /** running: all of it, on one host. */
  status: z.enum([
    'running',
    'starting',
    'stopping',
    'stopped',
    'degraded',
    'waiting',
    'failed',
    'unknown',
    'conflict',
  ]),
  /** Where it runs, starts or stops. */
  host: z.string().optional(),
  /** Where it is to go, as long as that is not given up. */
  movingTo: z.string().optional(),
  /** Why it is so and what it waits for, in words. */
  reason: z.string(),
  resources: z.array(ResourceView),
});
export type GroupView = z.infer<typeof GroupView>;

export const HostView = z.object({
  name: z.string(),
  /** off: confirmed. silent: no answer for heartbeat_timeout. refused: the kernel lives, the agent does not. */
  status: z.enum(['unheard', 'online', 'silent', 'refused', 'off']),
  active: z.boolean(),
  /** May be fenced without being told to. */
  armed: z.boolean(),
  /** Milliseconds until it is armed again by itself; absent: only `reset` arms it. */
  armedInMs: z.int().optional(),
  boot: z.string().optional(),
  /** Milliseconds since the last answer. */
  heardMsAgo: z.int().optional(),
  fence: z.object({ cause: z.string(), phase: z.string(), sinceMsAgo: z.int() }).optional(),
  /** Why it is not fenced although it seems to need it. */
  notFenced: z.string().optional(),
  /** Of its agent, if it showed one. */
  certificate: z.object({ expires: z.string(), daysLeft: z.int() }).optional(),
  devices: z.array(
    z.object({
      name: z.string(),
      level: z.int(),
      /** Proven: has said on while the host was beating. wrong: says off for a host that beats. */
      trust: z.enum(['unproven', 'proven', 'wrong']),
      power: z.enum(['on', 'off', 'unknown']),
      /** Why it does not tell the power state, in its own words. */
      trouble: z.string().optional(),
    }),
  ),
  reason: z.string(),
});
export type HostView = z.infer<typeof HostView>;

/** Nodesets by the name that `@` is written before. */
export const NodeGroupList = z.object({ groups: z.record(z.string(), z.string()) });
export type NodeGroupList = z.infer<typeof NodeGroupList>;

const Texts = z.record(z.string(), z.string());

/**
 * The configuration as it is understood: every default filled in, durations as texts. Secrets are
 * `***`, and no hash stands for them: whoever may look could guess a short password by it.
 */
export const ConfigView = z.object({
  path: z.string(),
  hosts: z.array(
    z.object({
      name: z.string(),
      address: z.string(),
      port: z.int(),
      devices: z.array(
        z.object({
          name: z.string(),
          level: z.int(),
          agent: z.string(),
          parameters: Texts,
          timeout: z.string(),
          retries: z.int(),
        }),
      ),
    }),
  ),
  resources: z.array(
    z.object({
      name: z.string(),
      /** Absent: it is in none. */
      group: z.string().optional(),
      parent: z.string().optional(),
      kind: z.string(),
      parameters: Texts,
      /** Those that are absent are the script's own. */
      timeouts: Texts,
      monitorInterval: z.string(),
    }),
  ),
  groups: z.array(
    z.object({
      name: z.string(),
      homeHost: z.string(),
      failoverHosts: z.array(z.string()),
      startAfter: z.array(z.string()),
    }),
  ),
  /** Of `ha`, by their keys in the file: `heartbeat_timeout`, `fencing.retry`. */
  settings: Texts,
  nodeGroups: Texts,
});
export type ConfigView = z.infer<typeof ConfigView>;

export const Alarm = z.object({
  host: z.string().optional(),
  group: z.string().optional(),
  text: z.string(),
});
export type Alarm = z.infer<typeof Alarm>;

export const EventView = z.object({
  id: z.int(),
  /** ISO 8601, UTC. */
  time: z.string(),
  name: z.string(),
  severity: z.enum(['info', 'warning', 'alarm']),
  host: z.string().optional(),
  group: z.string().optional(),
  resource: z.string().optional(),
  text: z.string(),
  operator: z.string().optional(),
  /** Of the operator. */
  uid: z.int().optional(),
  /** Of an order: what it was answered with, and why it was given. */
  outcome: z.enum(['done', 'accepted', 'refused', 'failed']).optional(),
  reason: z.string().optional(),
});
export type EventView = z.infer<typeof EventView>;

/** What is older stays in the journal, and is left out where `uncleared` is asked for. */
export const ClearRequest = z.strictObject({
  reason: z.string().max(1024).default(''),
  operator: z.string().max(64).default(''),
});
export type ClearRequest = z.infer<typeof ClearRequest>;

/** The id of the event that stands for it. */
export const ClearAnswer = z.object({ cleared: z.int() });
export type ClearAnswer = z.infer<typeof ClearAnswer>;

export const Status = z.object({
  mode: z.enum(['observe', 'manage']),
  /** False: another manager has taken over, and this one does nothing. */
  acting: z.boolean(),
  epoch: z.object({ journal: z.string(), number: z.int() }),
  hosts: z.array(HostView),
  groups: z.array(GroupView),
  alarms: z.array(Alarm),
});
export type Status = z.infer<typeof Status>;

export const OrderRequest = z.strictObject({
  verb: z.enum(VERBS),
  target: z.string().min(1).max(256, 'is too long: at most 256 characters'),
  force: z.boolean().default(false),
  /** Only tell what would be done. */
  dryRun: z.boolean().default(false),
  reason: z.string().max(1024).default(''),
  /** Who says that he asks. Only root's word counts, where the kernel does not know better. */
  operator: z.string().max(64).default(''),
});
export type OrderRequest = z.infer<typeof OrderRequest>;

/** One act that an order would lead to. */
export const PlanStep = z.object({
  action: z.enum(['start', 'stop', 'power-off', 'power-on']),
  host: z.string(),
  group: z.string().optional(),
  resource: z.string().optional(),
  device: z.string().optional(),
  reason: z.string(),
});
export type PlanStep = z.infer<typeof PlanStep>;

export const OrderAnswer = z.object({
  id: z.string(),
  outcome: z.enum(['done', 'accepted', 'refused', 'failed']),
  text: z.string(),
  /** Of a dry run: what would be done, in this order, if nothing fails. */
  plan: z.array(PlanStep).optional(),
});
export type OrderAnswer = z.infer<typeof OrderAnswer>;

export const POWER_HOSTS_MAX = 4_096;

/** No host: all of them. */
export const PowerQuestion = z.strictObject({
  hosts: z.array(z.string().min(1).max(256)).max(POWER_HOSTS_MAX).default([]),
});
export type PowerQuestion = z.infer<typeof PowerQuestion>;

/** What each fence device of the hosts says of the power at this moment. */
export const PowerStatus = z.object({
  devices: z.array(
    z.object({
      host: z.string(),
      device: z.string(),
      power: z.enum(['on', 'off', 'unknown']),
      /** Its own words, or why it was not asked. */
      text: z.string(),
    }),
  ),
});
export type PowerStatus = z.infer<typeof PowerStatus>;

export const Explanation = z.object({
  kind: z.enum(['host', 'group']),
  host: HostView.optional(),
  group: GroupView.optional(),
  events: z.array(EventView),
  /** Last outputs of the scripts, newest first, as the agents kept them. */
  outputs: z.array(
    z.object({
      host: z.string(),
      resource: z.string(),
      operation: z.string(),
      begun: z.string(),
      durationMs: z.int(),
      outcome: z.string(),
      stdout: z.string(),
      stderr: z.string(),
    }),
  ),
});
export type Explanation = z.infer<typeof Explanation>;
