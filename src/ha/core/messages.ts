// SPDX-License-Identifier: Apache-2.0
/** What the core is told (events) and what it orders (commands). Plain data. */
import type { Instant } from '../../kernel/machine.ts';
import type { DeviceName, GroupName, HostName, ResourceName } from './spec.ts';

export type Operation = 'start' | 'stop' | 'monitor';

/** How an operation ended, as the agent says it; `unreachable`: no answer, nobody knows. */
export type OperationOutcome = Readonly<
  | { type: 'exited'; code: number; text: string }
  | { type: 'timed-out'; alive: boolean; text: string }
  | { type: 'not-run'; text: string }
  | { type: 'cancelled' }
  | { type: 'lost'; text: string }
  | { type: 'unreachable'; text: string }
>;

/** One watched resource, as an answer of its host tells it. */
export type Observation = Readonly<{
  resource: ResourceName;
  /** Exit of the last finished monitor; absent: none yet, or it failed to run. */
  exit?: number | undefined;
  failure?: 'timed-out' | 'not-run' | undefined;
  /** The earliest instant, on the manager's clock, at which that monitor can have begun. */
  askedAt: Instant;
  /** Operations of it that are alive on the host. */
  alive: readonly Operation[];
  text?: string | undefined;
}>;

export type PowerAction = 'status' | 'off' | 'on';
/** `done`: the program says that off or on was carried out. */
export type PowerOutcome = 'on' | 'off' | 'done' | 'failed' | 'unknown';

export const VERBS = [
  'fence',
  'confirm-off',
  'reset',
  'failback',
  'manage',
  'unmanage',
  'activate',
  'deactivate',
  'cleanup',
  'power-on',
  'power-off',
] as const;
export type Verb = (typeof VERBS)[number];

/** An operator's order. `target`: a host for fence, confirm-off, reset, failback, (de)activate, power-on, power-off; else a group. */
export type Order = Readonly<{
  id: string;
  verb: Verb;
  target: HostName | GroupName;
  force: boolean;
  operator: string;
  /** Whose right it was to order it. */
  uid?: number;
  reason: string;
}>;

export type HaEvent = Readonly<
  /** An answer of a host's agent to a question that was sent at `askedAt`. */
  | {
      type: 'beat';
      host: HostName;
      askedAt: Instant;
      boot: string;
      incarnation: string;
      observations: readonly Observation[];
    }
  /**
   * The host's kernel refused or reset the connection: it lives, its agent does not answer. `strange`:
   * somebody did, and not as its agent would to us: a certificate that has ended, another program.
   */
  | { type: 'refused'; host: HostName; askedAt: Instant; strange: boolean }
  /** The agent obeys another manager: one above us in our own journal, or one with another journal. */
  | {
      type: 'superseded';
      host: HostName;
      askedAt: Instant;
      by: 'higher-epoch' | 'other-journal';
      text: string;
    }
  | {
      type: 'operation-result';
      host: HostName;
      request: string;
      boot: string;
      incarnation: string;
      outcome: OperationOutcome;
    }
  | { type: 'power-result'; host: HostName; request: string; outcome: PowerOutcome; text: string }
  /** `yes`: its agent or its kernel answered the host that we asked; `unknown`: the one we asked did not answer. */
  | { type: 'reach-result'; request: string; outcome: 'yes' | 'no' | 'unknown' }
  | { type: 'witness-result'; request: string; outcome: 'yes' | 'no' }
  | { type: 'order'; order: Order }
>;

export type HaCommand = Readonly<
  /** Run one script on a host; for this boot only. */
  | {
      type: 'operate';
      host: HostName;
      boot: string;
      request: string;
      /** Orders count upwards: a host refuses one that arrives after a newer one for the same resource. */
      sequence: number;
      operation: Operation;
      resource: ResourceName;
      reason: string;
    }
  | {
      type: 'power';
      host: HostName;
      request: string;
      device: DeviceName;
      action: PowerAction;
      reason: string;
    }
  /** Ask one host whether it reaches another one; answered within `deadlineMs`. */
  | { type: 'reach'; request: string; from: HostName; to: HostName; deadlineMs: number }
  | { type: 'ask-witness'; request: string; deadlineMs: number }
  /** Ask the host anything at once: its next beat must have been asked after now. */
  | { type: 'ask'; host: HostName }
  /** The answer to an operator's order. `accepted`: under way; what follows are facts. */
  | {
      type: 'answer-order';
      id: string;
      outcome: 'done' | 'accepted' | 'refused' | 'failed';
      text: string;
    }
  /** A fact for the journal, for people. */
  | { type: 'fact'; fact: Fact }
>;

/** What an order is answered with. */
export type Answer = Pick<Extract<HaCommand, { type: 'answer-order' }>, 'outcome' | 'text'>;

/** What happened, for the journal, `events` and the live view. The name is stable; the text is for people. */
export type Fact = Readonly<{
  name: string;
  severity: 'info' | 'warning' | 'alarm';
  host?: HostName;
  group?: GroupName;
  resource?: ResourceName;
  /** Why it happened, or what is known of it. */
  text: string;
  operator?: string;
  /** Of the operator. */
  uid?: number;
  /** Of an order: what it was answered with, and why it was given. */
  outcome?: Answer['outcome'];
  reason?: string;
}>;
