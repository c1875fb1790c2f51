// SPDX-License-Identifier: Apache-2.0
/**
 * Which operations of each resource are alive on this host, and what may begin beside them: starts
 * and stops of one resource never overlap, and no monitor is piled upon one that hangs.
 */
import { OPERATIONS, type Operation } from '../contract.ts';
import { isSameClaim, type Claim } from './claim.ts';

type Named = { readonly id: string; readonly operation: Operation };

/** Within its time. */
export type Running = Named & { readonly status: 'running'; readonly cancel: () => Promise<void> };

/** Of an earlier incarnation of the agent, or processes that outlived their end, e.g. in state D. */
export type LeftOver = Named & { readonly status: 'left-over' };

export type Live = Running | LeftOver;

export class Lanes {
  /** By id. */
  readonly #alive = new Map<string, { readonly claim: Claim; readonly live: Live }>();
  readonly #onChange: (claim: Claim) => void;
  #change = Promise.withResolvers<void>();

  constructor(onChange: (claim: Claim) => void) {
    this.#onChange = onChange;
  }

  /** An entry with the same id is replaced. */
  enter(claim: Claim, live: Live): void {
    this.#alive.set(live.id, { claim, live });
    this.#tell(claim);
  }

  leave(id: string): void {
    const left = this.#alive.get(id);
    if (left === undefined) return;
    this.#alive.delete(id);
    this.#tell(left.claim);
  }

  /** Resolves at the next change of any lane. */
  change(): Promise<void> {
    return this.#change.promise;
  }

  /**
   * For the manager: whoever may still change the resource, and monitors that hang. A monitor within
   * its time changes nothing and is not told, else each would be news twice.
   */
  alive(claim: Claim): Operation[] {
    const told = this.#of(claim).filter(
      (live) => live.operation !== 'monitor' || live.status === 'left-over',
    );
    return OPERATIONS.filter((operation) => told.some((live) => live.operation === operation));
  }

  /** Why the operation must not begin now; undefined if it may, once `monitors` have been cancelled. */
  obstacle(claim: Claim, operation: Operation): string | undefined {
    const inTheWay = this.#of(claim).find(
      (live) =>
        live.operation !== 'monitor' || (operation === 'monitor' && live.status === 'left-over'),
    );
    if (inTheWay === undefined) return undefined;
    const which = inTheWay.status === 'running' ? 'is under way' : 'is left over and still alive';
    return `A ${inTheWay.operation} of ${claim.name} ${which} on this host.`;
  }

  /** Monitors within their time. */
  monitors(claim: Claim): Running[] {
    return this.#of(claim)
      .filter((live) => live.status === 'running')
      .filter((live) => live.operation === 'monitor');
  }

  #of(claim: Claim): Live[] {
    return [...this.#alive.values()]
      .filter((entry) => isSameClaim(entry.claim, claim))
      .map(({ live }) => live);
  }

  #tell(claim: Claim): void {
    const { resolve } = this.#change;
    this.#change = Promise.withResolvers();
    resolve();
    this.#onChange(claim);
  }
}
