// SPDX-License-Identifier: Apache-2.0
/** What the manager can be asked for: routes call it, whatever the words in which they are asked. */
import type { ServerResponse } from 'node:http';
import type { ClearRequest, ConfigView, EventView, Explanation } from './contract.ts';
import type { OrderAnswer, OrderRequest, PowerStatus, Status } from './contract.ts';
import type { DoorName } from './door.ts';
import type { EventQuery } from './shell/journal-events.ts';
import type { Operator } from './shell/operators.ts';

export type ManagerApi = {
  readonly status: () => Status;
  readonly events: (query: EventQuery) => readonly EventView[];
  /** The id of the event that stands for it. */
  readonly clearEvents: (request: ClearRequest & Operator) => number;
  readonly nodeGroups: () => ReadonlyMap<string, string>;
  readonly config: () => ConfigView;
  /** Of a resource, as they are in the configuration: there may be passwords among them. */
  readonly parametersOf: (resource: string) => Readonly<Record<string, string>>;
  readonly explain: (name: string) => Promise<Explanation | undefined>;
  readonly order: (request: OrderRequest & Operator) => Promise<OrderAnswer | 'busy' | 'late'>;
  /** How the fence of that host has ended; undefined: the signal came first. */
  readonly fenceEnd: (host: string, signal: AbortSignal) => Promise<FenceEnd | undefined>;
  /** Of all hosts, if none is named; the text names hosts that there are not. */
  readonly powerStatus: (hosts: readonly string[]) => Promise<PowerStatus | { unknown: string }>;
  /** Answers with a live view, for as long as it is read; false: there are too many at that door. */
  readonly stream: (response: ServerResponse, door: DoorName) => boolean;
};

/** `failed`: ended without an off, or a first round of it did. */
export type FenceEnd = 'off' | 'failed';
