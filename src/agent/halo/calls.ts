// SPDX-License-Identifier: Apache-2.0
/**
 * Carries out what HALO's manager asks for, with all that protects an operation of our own: time-outs,
 * one operation of a resource at a time, whoever wants it. A monitor waits for its turn. A start or stop
 * is run now or not at all: one that waited could run after HALO's manager has given it up, and started
 * the resource elsewhere.
 */
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../../runtime/log.ts';
import { Resource, type Outcome } from '../contract.ts';
import type { Hold } from '../hold.ts';
import { nameOfNameless } from '../operations/claim.ts';
import { shorten } from '../operations/exit-text.ts';
import type { Operations } from '../operations/operations.ts';
import { isDeathBySignal, type RunResult } from '../operations/script-run.ts';
import { Slots } from '../slots.ts';
import type { HaloAnswer, HaloCall } from './schema.ts';

export type HaloCallsOptions = {
  readonly operations: Operations;
  readonly hold: Hold;
  readonly log: Log;
};

/** What HALO's agent leaves out, the scripts of ClusterLabs call this: their notes are found again. */
const INSTANCE = 'default';
/** At once: the rest of what may run on this host is for our own manager. */
const MONITORS_MAX = 64;
/** Of the event loop: a message and the end of its connection, with TLS in between, come one after the other. */
const LISTENING_TURNS = 5;
/** HALO's manager would wait for ever. */
const TURN_MS = 600_000;

const HELD =
  'An Aureole manager manages this host, so HALO may only look. Let one of the two manage: stop ' +
  "HALO's manager, or set ha.mode to observe in Aureole's configuration and restart its manager.";
const NOBODY_WAITS = 'Nobody waits for it any more.';

export class HaloCalls {
  readonly #options: HaloCallsOptions;
  readonly #slots = new Slots(MONITORS_MAX);

  constructor(options: HaloCallsOptions) {
    this.#options = options;
  }

  async operate(call: HaloCall, nobodyWaits: AbortSignal): Promise<HaloAnswer> {
    const { kind, operation, parameters } = call;
    const resource = Resource.safeParse({
      name: nameOfNameless(kind, parameters),
      kind,
      parameters,
    });
    if (!resource.success) {
      const text = `The kind ${JSON.stringify(shorten(kind))} is none: ${operation} not run.`;
      return { type: 'error', text };
    }
    return operation === 'monitor'
      ? await this.#monitor(resource.data, nobodyWaits)
      : await this.#change(operation, resource.data, nobodyWaits);
  }

  async #change(
    operation: 'start' | 'stop',
    resource: Resource,
    nobodyWaits: AbortSignal,
  ): Promise<HaloAnswer> {
    const { operations, hold, log } = this.#options;
    // If the connection was closed while we were not listening, that is heard before this goes on.
    for (let turns = 0; turns < LISTENING_TURNS; turns += 1) await turn();
    const refusal = hold.isHeld ? HELD : nobodyWaits.aborted ? NOBODY_WAITS : undefined;
    const facts = { by: 'halo', operation, resource: resource.name, kind: resource.kind };
    if (refusal !== undefined) {
      log.warn({ ...facts, refusal }, 'refused');
      return { type: 'error', text: refusal };
    }
    log.info(facts, 'begun');
    const result = await operations.perform(operation, resource, INSTANCE);
    log.info({ ...facts, outcome: result.outcome }, 'ended');
    return answerOf(result);
  }

  async #monitor(resource: Resource, nobodyWaits: AbortSignal): Promise<HaloAnswer> {
    const { operations } = this.#options;
    const lateAt = performance.now() + TURN_MS;
    for (;;) {
      const busy = await this.#untilFree(resource, lateAt, nobodyWaits);
      if (busy !== undefined) return { type: 'error', text: busy };
      const result = await this.#slots.use(async () =>
        // Another operation may have begun while this one waited.
        operations.findBusy(resource) === undefined && !nobodyWaits.aborted
          ? await operations.perform('monitor', resource, INSTANCE)
          : undefined,
      );
      if (result !== undefined) return answerOf(result);
    }
  }

  /** Why it did not become free; undefined if it is. */
  async #untilFree(
    resource: Resource,
    lateAt: number,
    nobodyWaits: AbortSignal,
  ): Promise<string | undefined> {
    const { operations } = this.#options;
    for (;;) {
      if (nobodyWaits.aborted) return NOBODY_WAITS;
      const busy = operations.findBusy(resource);
      const leftMs = lateAt - performance.now();
      if (busy === undefined || leftMs <= 0) return busy;
      const changed = new AbortController();
      const signal = AbortSignal.any([nobodyWaits, changed.signal]);
      const late = sleep(leftMs, undefined, { signal, ref: false }).catch(() => {});
      await Promise.race([operations.change(), late]);
      changed.abort();
    }
  }
}

function answerOf({ outcome, stderr }: RunResult): HaloAnswer {
  if (outcome.type === 'exited' && !isDeathBySignal(outcome.code)) {
    if (outcome.code === 0) return { type: 'ok' };
    return { type: 'failed', code: outcome.code, text: stderr };
  }
  return { type: 'error', text: textOf(outcome) };
}

/** Of what did not end by itself. */
function textOf(outcome: Outcome): string {
  switch (outcome.type) {
    case 'exited':
      return `The script was killed by signal ${outcome.code - 128}. ${outcome.text}`.trim();
    case 'timed-out':
    case 'not-run':
    case 'lost':
      return outcome.text;
    case 'cancelled':
      return 'The monitor was ended, since a start or stop of the resource was ordered.';
  }
}
