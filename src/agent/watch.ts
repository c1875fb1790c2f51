// SPDX-License-Identifier: Apache-2.0
/**
 * Keeps asking the resources that the manager watches how they are: each at its interval, spread
 * over it, never two monitors of one resource at once, and only so many in all. It draws no
 * conclusions.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Changes } from './changes.ts';
import type { Operation, Outcome, Resource, WatchedResource, WatchedState } from './contract.ts';
import { monotonicMs } from './monotonic.ts';
import { TIMEOUT_MS_MAX } from './ocf/meta-data.ts';
import { claimOf, isSameClaim, type Claim } from './operations/claim.ts';
import type { Operations } from './operations/operations.ts';
import type { RunResult } from './operations/script-run.ts';
import { Slots } from './slots.ts';

/** What a monitor said. */
type Seen = Pick<WatchedState, 'exit' | 'failure' | 'text'>;

type Watched = {
  resource: WatchedResource;
  readonly claim: Claim;
  readonly addedAtMs: number;
  readonly stop: AbortController;
  /** Ends the pause before the next monitor, now or after a moment. */
  wake: (afterMs: number) => void;
  seen?: Seen;
  begunAtMs: number;
  endedAtMs: number;
  alive: readonly Operation[];
};

const PARALLEL_MAX = 32;
/**
 * From the end of a start or stop to the next monitor. Who ordered it knows what came of it, and in a
 * failover what is started next needs the processors more.
 */
const SETTLE_MS = 500;
const RUNNING_CODES = new Set([0, 8, 190, 191]);

export class Watcher {
  readonly #operations: Operations;
  readonly #changes: Changes;
  readonly #watched = new Map<string, Watched>();
  readonly #slots = new Slots(PARALLEL_MAX);

  constructor(operations: Operations, changes: Changes, signal: AbortSignal) {
    this.#operations = operations;
    this.#changes = changes;
    signal.addEventListener('abort', () => {
      for (const watched of this.#watched.values()) this.#end(watched);
    });
  }

  /** What stays the same keeps what is known of it. */
  replace(resources: readonly WatchedResource[]): void {
    const names = new Set(resources.map((resource) => resource.name));
    for (const [name, watched] of this.#watched) {
      if (!names.has(name)) this.#remove(name, watched);
    }
    for (const [index, resource] of resources.entries()) {
      const known = this.#watched.get(resource.name);
      if (known !== undefined && isSame(known.resource, resource)) {
        known.resource = resource;
        continue;
      }
      if (known !== undefined) this.#remove(resource.name, known);
      this.#add(resource, index / resources.length);
    }
    this.#changes.raise();
  }

  states(): WatchedState[] {
    const now = monotonicMs();
    return [...this.#watched.values()].map(({ resource, seen, begunAtMs, endedAtMs, alive }) => ({
      resource: resource.name,
      alive: [...alive],
      ...(seen === undefined
        ? {}
        : // Whole milliseconds: one more, so that no monitor is told younger than it is.
          { ...seen, begunMsAgo: now - begunAtMs + 1, endedMsAgo: now - endedAtMs }),
    }));
  }

  /** Which operations of the resource are alive may have changed. */
  lookAtAlive(changed: Claim): void {
    for (const watched of this.#watched.values()) {
      if (isSameClaim(watched.claim, changed)) this.#lookAt(watched, changed);
    }
  }

  /** A monitor has ended, whoever asked for it. */
  take(resource: Resource, result: RunResult): void {
    const watched = this.#watched.get(resource.name);
    const seen = seenIn(result.outcome);
    if (watched === undefined || seen === undefined || !isSame(watched.resource, resource)) return;
    // An order that was turned away says nothing about the resource.
    if (seen.failure === 'not-run' && result.record.request !== undefined) return;
    if (watched.seen !== undefined && result.begunAtMs < watched.begunAtMs) return;
    const isNews = !isDeepStrictEqual(watched.seen, seen);
    watched.seen = seen;
    watched.begunAtMs = result.begunAtMs;
    watched.endedAtMs = result.endedAtMs;
    if (isNews) this.#changes.raise();
  }

  #add(resource: WatchedResource, phase: number): void {
    const intervalMs = Math.min(resource.intervalMs, TIMEOUT_MS_MAX);
    const claim = claimOf(resource);
    const watched: Watched = {
      resource,
      claim,
      addedAtMs: monotonicMs() + Math.round(phase * intervalMs),
      stop: new AbortController(),
      wake: () => {},
      begunAtMs: 0,
      endedAtMs: 0,
      alive: this.#operations.alive(claim),
    };
    this.#watched.set(resource.name, watched);
    void this.#keepAsking(watched);
  }

  #remove(name: string, watched: Watched): void {
    this.#watched.delete(name);
    this.#end(watched);
    void this.#operations.cancelMonitors(watched.resource);
  }

  #lookAt(watched: Watched, changed: Claim): void {
    const alive = this.#operations.alive(watched.claim);
    if (isDeepStrictEqual(alive, watched.alive)) return;
    watched.alive = alive;
    // Somebody else may change it now: what was seen before is worth nothing, and the manager that
    // watches, which has given no order, could not know.
    if (alive.length > 0 && changed.name !== watched.claim.name) delete watched.seen;
    this.#changes.raise();
    if (alive.length === 0) watched.wake(SETTLE_MS);
  }

  #end(watched: Watched): void {
    watched.stop.abort();
    watched.wake(0);
  }

  async #keepAsking(watched: Watched): Promise<void> {
    const { signal } = watched.stop;
    while (!signal.aborted) {
      await this.#slots.use(async () => {
        if (!signal.aborted) await this.#ask(watched);
      });
      if (!signal.aborted) await pause(watched);
    }
  }

  async #ask({ resource, seen, stop }: Watched): Promise<void> {
    const { name, kind, parameters, intervalMs } = resource;
    const timeoutMs =
      resource.timeoutMs === undefined ? undefined : Math.min(resource.timeoutMs, TIMEOUT_MS_MAX);
    // Scripts take an interval of 0 for a probe, which may find nothing installed and says so calmly.
    const isRunning = seen?.exit !== undefined && RUNNING_CODES.has(seen.exit);
    const plain = { name, kind, parameters };
    await this.#operations.monitor(plain, timeoutMs, isRunning ? intervalMs : 0, stop.signal);
  }
}

function isSame(a: Resource, b: Resource): boolean {
  return a.kind === b.kind && isDeepStrictEqual(a.parameters, b.parameters);
}

function seenIn(outcome: Outcome): Seen | undefined {
  switch (outcome.type) {
    case 'exited':
      return { exit: outcome.code, ...(outcome.text === '' ? {} : { text: outcome.text }) };
    case 'timed-out':
    case 'not-run':
      return { failure: outcome.type, text: outcome.text };
    case 'cancelled':
    case 'lost':
      return undefined;
  }
}

/** Until the next point of the resource's own grid: monitors of many resources stay spread. */
function pause(watched: Watched): Promise<void> {
  const intervalMs = Math.min(watched.resource.intervalMs, TIMEOUT_MS_MAX);
  const sinceMs = monotonicMs() - watched.addedAtMs;
  const waitMs = (Math.floor(sinceMs / intervalMs) + 1) * intervalMs - sinceMs;
  return new Promise((resolve) => {
    let timer = setTimeout(resolve, waitMs);
    watched.wake = (afterMs) => {
      clearTimeout(timer);
      timer = setTimeout(resolve, afterMs);
    };
  });
}
