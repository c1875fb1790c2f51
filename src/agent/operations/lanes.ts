// SPDX-License-Identifier: Apache-2.0
/**
 * Which operations of each resource are alive on this host, and what may begin beside them: starts
 * and stops of one resource never overlap, and no monitor is piled upon one that hangs.
 */
import { OPERATIONS, type Operation } from '../contract.ts';

type Named = { readonly id: string; readonly operation: Operation };

/** Within its time. */
export type Running = Named & { readonly status: 'running'; readonly cancel: () => Promise<void> };

/** Of an earlier incarnation of the agent, or processes that outlived their end, e.g. in state D. */
export type LeftOver = Named & { readonly status: 'left-over' };

export type Live = Running | LeftOver;

export class Lanes {
  readonly #lanes = new Map<string, Map<string, Live>>();
  readonly #onChange: (resource: string) => void;

  constructor(onChange: (resource: string) => void) {
    this.#onChange = onChange;
  }

  /** An entry with the same id is replaced. */
  enter(resource: string, live: Live): void {
    const lane = this.#lanes.get(resource) ?? new Map<string, Live>();
    this.#lanes.set(resource, lane.set(live.id, live));
    this.#onChange(resource);
  }

  leave(resource: string, id: string): void {
    const lane = this.#lanes.get(resource);
    if (lane?.delete(id) !== true) return;
    if (lane.size === 0) this.#lanes.delete(resource);
    this.#onChange(resource);
  }

  /**
   * For the manager: whoever may still change the resource, and monitors that hang. A monitor within
   * its time changes nothing and is not told, else each would be news twice.
   */
  alive(resource: string): Operation[] {
    const told = this.#of(resource).filter(
      (live) => live.operation !== 'monitor' || live.status === 'left-over',
    );
    return OPERATIONS.filter((operation) => told.some((live) => live.operation === operation));
  }

  /** Why the operation must not begin now; undefined if it may, once `monitors` have been cancelled. */
  obstacle(resource: string, operation: Operation): string | undefined {
    const inTheWay = this.#of(resource).find(
      (live) =>
        live.operation !== 'monitor' || (operation === 'monitor' && live.status === 'left-over'),
    );
    if (inTheWay === undefined) return undefined;
    const which = inTheWay.status === 'running' ? 'is under way' : 'is left over and still alive';
    return `A ${inTheWay.operation} of ${resource} ${which} on this host.`;
  }

  /** Monitors within their time. */
  monitors(resource: string): Running[] {
    return this.#of(resource)
      .filter((live) => live.status === 'running')
      .filter((live) => live.operation === 'monitor');
  }

  #of(resource: string): Live[] {
    return [...(this.#lanes.get(resource)?.values() ?? [])];
  }
}
