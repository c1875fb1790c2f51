// SPDX-License-Identifier: Apache-2.0
/**
 * The agent's API, as the manager and `curl` speak it: HTTP/1.1 with JSON bodies.
 *
 * GET  /v1/identity    -> Identity
 * PUT  /v1/watch       Watch        -> {}                    replaces the list of watched resources
 * POST /v1/poll        Poll         -> Beat                  held up to waitMs, sooner on a change
 * POST /v1/operations  Operate      -> OperationStatus       held up to waitMs; same request: same answer
 * POST /v1/reach       Reach        -> ReachAnswer
 * GET  /v1/outputs     -> Outputs                            the last outputs of each resource
 *
 * A refusal is a status of 4xx with a Refusal. Ages are milliseconds on the agent's own clock, so
 * that no clock is compared across hosts.
 */
import { z } from 'zod';

/** Who gives the order: the manager's journal, and how often it has been opened. */
export const Epoch = z.strictObject({ journal: z.string().min(1).max(64), number: z.int().min(0) });
export type Epoch = z.infer<typeof Epoch>;

export const Resource = z.strictObject({
  name: z.string().min(1).max(256),
  /** Path of the OCF script below `<ocf_root>/resource.d`, e.g. `heartbeat/Dummy`. */
  kind: z.string().min(1).max(128),
  parameters: z.record(z.string(), z.string()),
});
export type Resource = z.infer<typeof Resource>;

export const WatchedResource = Resource.extend({
  intervalMs: z.int().min(100),
  /** Without it: from the script's meta-data, else 20 s. */
  timeoutMs: z.int().min(1).optional(),
});
export type WatchedResource = z.infer<typeof WatchedResource>;

export const Watch = z.strictObject({
  epoch: Epoch,
  /** The manager does not only watch: nobody else may start or stop anything on this host. */
  holds: z.boolean().default(true),
  resources: z.array(WatchedResource).max(4096),
});
export type Watch = z.infer<typeof Watch>;

export const Identity = z.object({
  host: z.string(),
  /** One power-on: kept in the host's /run. Equal or different is all that it tells. */
  boot: z.string(),
  kernelBoot: z.string(),
  /** One run of the agent in a boot. */
  incarnation: z.string(),
  version: z.string(),
  epoch: Epoch.optional(),
  /** OCF scripts installed here, as `provider/type`. */
  kinds: z.array(z.string()),
});
export type Identity = z.infer<typeof Identity>;

export const Poll = z.strictObject({
  epoch: Epoch,
  /** As in Watch: what is heard of a boot is said by a host that is held, whatever came before the list. */
  holds: z.boolean().optional(),
  /** The version of the last Beat that the manager has taken in; 0 asks for everything. */
  cursor: z.int().min(0),
  waitMs: z.int().min(0).max(60_000),
});
export type Poll = z.infer<typeof Poll>;

export const OPERATIONS = ['start', 'stop', 'monitor'] as const;
export type Operation = (typeof OPERATIONS)[number];

/** What the agent knows of one watched resource, raw: the manager draws the conclusions. */
export const WatchedState = z.object({
  resource: z.string(),
  /** Exit of the last finished monitor; absent while none has finished in this incarnation. */
  exit: z.int().optional(),
  /** That monitor ran into its time-out, or could not be run. */
  failure: z.enum(['timed-out', 'not-run']).optional(),
  /** How long ago that monitor was begun and ended. */
  begunMsAgo: z.int().optional(),
  endedMsAgo: z.int().optional(),
  /**
   * Operations of this resource of which a process is alive now, orphans of earlier incarnations
   * included. A monitor is told only if it has outlived its time: before that it changes nothing.
   */
  alive: z.array(z.enum(OPERATIONS)),
  /** The reason that the script gave, shortened. */
  text: z.string().optional(),
});
export type WatchedState = z.infer<typeof WatchedState>;

export const Beat = z.object({
  host: z.string(),
  boot: z.string(),
  incarnation: z.string(),
  /** Version of what follows; raised by each change. */
  cursor: z.int(),
  /** Every watched resource, changed or not: a lost Beat loses nothing. */
  resources: z.array(WatchedState),
});
export type Beat = z.infer<typeof Beat>;

export const Operate = z.strictObject({
  epoch: Epoch,
  /** The same request is run once, however often it is sent. */
  request: z.string().min(1).max(128),
  /** Orders of one epoch count upwards: one that arrives after a newer one for its resource is not run. */
  sequence: z.int().min(0).optional(),
  /** The order holds for this boot only. */
  boot: z.string(),
  operation: z.enum(OPERATIONS),
  resource: Resource,
  /** Without it: from the script's meta-data, else 20 s. */
  timeoutMs: z.int().min(1).max(86_400_000).optional(),
  waitMs: z.int().min(0).max(60_000),
});
export type Operate = z.infer<typeof Operate>;

/** How an operation ended. Three-valued: exited, certainly not run, or nobody knows. */
export const Outcome = z.discriminatedUnion('type', [
  /** By itself; what it left running is the service. Death by a signal is 128 and the signal's number. */
  z.object({ type: z.literal('exited'), code: z.int(), text: z.string() }),
  /** Its time was over; `alive`: a process of it survived being killed (state D). */
  z.object({ type: z.literal('timed-out'), alive: z.boolean(), text: z.string() }),
  /** Certainly not run: no such script, not executable, another operation is alive. */
  z.object({ type: z.literal('not-run'), text: z.string() }),
  /** A monitor that was ended by a start or stop. */
  z.object({ type: z.literal('cancelled') }),
  /** Begun by an earlier incarnation of the agent: it may have done its work or not. */
  z.object({ type: z.literal('lost'), text: z.string() }),
]);
export type Outcome = z.infer<typeof Outcome>;

export const OperationStatus = z.object({
  request: z.string(),
  boot: z.string(),
  incarnation: z.string(),
  /** Which time-out holds; the manager waits no longer than that and a little. */
  timeoutMs: z.int(),
  /** Absent while it runs. */
  outcome: Outcome.optional(),
});
export type OperationStatus = z.infer<typeof OperationStatus>;

/** Does the host at this address live? Asked of a host about another one. */
export const Reach = z.strictObject({
  address: z.string().min(1).max(256),
  port: z.int().min(1).max(65_535),
  deadlineMs: z.int().min(1).max(60_000),
});
export type Reach = z.infer<typeof Reach>;

export const ReachAnswer = z.object({
  /**
   * `answers`: its agent does; `refused`: its kernel does; `silent`: it was asked, and nothing came
   * within the deadline. `unknown`: the host that was to ask could not: no address for the name, no
   * route of its own, no more files.
   */
  outcome: z.enum(['answers', 'refused', 'silent', 'unknown']),
});
export type ReachAnswer = z.infer<typeof ReachAnswer>;

export const Output = z.object({
  resource: z.string(),
  operation: z.enum(OPERATIONS),
  request: z.string(),
  /** ISO 8601 in UTC, by the host's clock: for people, never for decisions. */
  begun: z.string(),
  durationMs: z.int(),
  outcome: Outcome,
  stdout: z.string(),
  stderr: z.string(),
});
export type Output = z.infer<typeof Output>;
export const Outputs = z.object({ outputs: z.array(Output) });
export type Outputs = z.infer<typeof Outputs>;

export const Refusal = z.object({
  /**
   * superseded: a manager with a higher epoch has been here. other-journal: the agent obeys another
   * journal (take over with `--take-over`). wrong-boot: the order was for another boot.
   * bad-request: the body is not what the API asks for. unknown-path: no such route.
   * not-a-manager: who asks has no certificate that may give orders.
   */
  code: z.enum([
    'superseded',
    'other-journal',
    'wrong-boot',
    'bad-request',
    'unknown-path',
    'not-a-manager',
  ]),
  message: z.string(),
});
export type Refusal = z.infer<typeof Refusal>;

export const DEFAULT_TIMEOUT_MS = 20_000;
