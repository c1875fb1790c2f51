// SPDX-License-Identifier: Apache-2.0
/**
 * Listens to one host: gives each run of its agent the watch list, then polls it back to back. One
 * question is under way at a time, and the next one waits until the runner has taken in the answer.
 */
import type { Beat, Epoch, WatchedResource } from '../../agent/contract.ts';
import type { Instant } from '../../kernel/machine.ts';
import { unreachable } from '../../kernel/unreachable.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import type { Mailbox } from '../../runtime/mailbox.ts';
import type { HaEvent } from '../core/messages.ts';
import {
  UNACQUAINTED,
  afterBeat,
  afterIdentity,
  afterWatch,
  beatOf,
  nextQuestion,
  type PollCursor,
} from '../core/poll-cursor.ts';
import type { HostName } from '../core/spec.ts';
import type { AgentClient } from './agent-client.ts';
import type { Answer } from './agent-request.ts';
import { supersededBy } from './superseded.ts';

export type PollerSettings = {
  readonly host: HostName;
  readonly epoch: Epoch;
  /** We may act: nobody else shall start or stop anything there. */
  readonly holds: boolean;
  readonly watched: readonly WatchedResource[];
  readonly heartbeatTimeoutMs: number;
};

export type PollerPorts = {
  readonly client: AgentClient;
  readonly clock: Clock;
  readonly inbox: Mailbox<HaEvent>;
  readonly log: Log;
};

/** An agent that answers at once, always, is asked no more often than this. */
const SHORTEST_ROUND_MS = 5;

/** What a question led to; `disowned`: the agent obeys another manager. */
type Round = 'answered' | 'unanswered' | 'disowned';

export class Poller {
  readonly #settings: PollerSettings;
  readonly #ports: PollerPorts;
  #state: PollCursor = UNACQUAINTED;
  /** The next poll is to be answered at once. */
  #hurry = false;
  /** Leaves the poll that the agent is holding, if it is. */
  #leaveHeldPoll = (): void => {};
  #problem: string | undefined;

  constructor(settings: PollerSettings, ports: PollerPorts) {
    this.#settings = settings;
    this.#ports = ports;
  }

  /** What somebody has to put right before this host can be heard. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** Asks at once: what is known shall have been asked after now. */
  hurry(): void {
    this.#hurry = true;
    this.#leaveHeldPoll();
  }

  async run(beginAt: Instant, signal: AbortSignal): Promise<void> {
    const { clock } = this.#ports;
    await clock.sleepUntil(beginAt, signal);
    while (!signal.aborted) {
      const askedAt = clock.now();
      const round = await this.#round(askedAt, signal);
      await clock.sleepUntil(askedAt + this.#shortestMs(round), signal);
    }
  }

  #shortestMs(round: Round): number {
    if (round === 'answered') return SHORTEST_ROUND_MS;
    // Asked on, since an operator may give the agent to us (--take-over).
    return this.#settings.heartbeatTimeoutMs / (round === 'disowned' ? 4 : 16);
  }

  async #round(askedAt: Instant, signal: AbortSignal): Promise<Round> {
    const question = nextQuestion(this.#state);
    const deadlineMs = this.#settings.heartbeatTimeoutMs / 2;
    switch (question.type) {
      case 'identity': {
        const answer = await this.#ports.client.identity(deadlineMs, signal);
        if (answer.type !== 'answer') return this.#unanswered(answer, askedAt, signal);
        const { host, incarnation } = answer.body;
        return this.#become(host, afterIdentity(incarnation), askedAt);
      }
      case 'watch': {
        const { epoch, holds, watched } = this.#settings;
        const list = { epoch, holds, resources: [...watched] };
        const answer = await this.#ports.client.watch(list, deadlineMs, signal);
        if (answer.type !== 'answer') return this.#unanswered(answer, askedAt, signal);
        return this.#become(this.#settings.host, afterWatch(this.#state), askedAt);
      }
      case 'poll':
        return this.#poll(question.cursor, askedAt, signal);
      default:
        return unreachable(question);
    }
  }

  async #poll(cursor: number, askedAt: Instant, signal: AbortSignal): Promise<Round> {
    const { host, epoch, holds, heartbeatTimeoutMs } = this.#settings;
    const waitMs = this.#hurry ? 0 : Math.min(60_000, Math.floor(heartbeatTimeoutMs / 4));
    this.#hurry = false;
    const question = { epoch, holds, cursor, waitMs };
    const ask = (until: AbortSignal): Promise<Answer<Beat>> =>
      this.#ports.client.poll(question, heartbeatTimeoutMs / 2, until);
    const answer = await (waitMs > 0 ? this.#unlessLeft(ask(signal)) : this.#askTwice(ask, signal));
    if (answer === undefined) return 'answered';
    if (answer.type !== 'answer') return this.#unanswered(answer, askedAt, signal);
    const round = await this.#become(
      answer.body.host,
      afterBeat(this.#state, answer.body),
      askedAt,
    );
    if (round !== 'answered') return round;
    // A host must not seem silent because its answer waits behind those of others.
    await this.#ports.inbox.putUrgent(beatOf(host, askedAt, answer.body));
    return round;
  }

  /**
   * A question that got lost is not given all its time before it is asked again: nothing else would
   * be heard of a host whose cable was out for a moment, until it is called silent.
   */
  async #askTwice<T>(
    ask: (until: AbortSignal) => Promise<Answer<T>>,
    signal: AbortSignal,
  ): Promise<Answer<T>> {
    const { clock } = this.#ports;
    const over = new AbortController();
    const until = AbortSignal.any([signal, over.signal]);
    try {
      const first = ask(until);
      const patience = clock.sleepUntil(clock.now() + this.#settings.heartbeatTimeoutMs / 4, until);
      const early = await Promise.race([first, patience]);
      if (early !== undefined) return early;
      const second = ask(until);
      const earlier = await Promise.race([first, second]);
      if (earlier.type !== 'silent') return earlier;
      const [one, two] = await Promise.all([first, second]);
      return one.type === 'silent' ? two : one;
    } finally {
      over.abort();
    }
  }

  /**
   * Undefined: it was left, for a newer one. The agent answers it when that comes, and nobody listens;
   * to break the connection off would cost a handshake.
   */
  async #unlessLeft<T>(held: Promise<T>): Promise<T | undefined> {
    const left = new Promise<undefined>(
      (resolve) => (this.#leaveHeldPoll = () => resolve(undefined)),
    );
    const answer = await Promise.race([held, left]);
    this.#leaveHeldPoll = () => {};
    return answer;
  }

  /** The agent must be that of our host: addresses get mixed up, and agents moved. */
  async #become(answeringHost: HostName, state: PollCursor, askedAt: Instant): Promise<Round> {
    const { host } = this.#settings;
    if (answeringHost === host) {
      this.#state = state;
      this.#setProblem(undefined);
      return 'answered';
    }
    this.#state = UNACQUAINTED;
    return this.#livesOnly(
      `at the address of ${host} the agent of "${answeringHost}" answers: correct the address, or the agent's --name`,
      askedAt,
    );
  }

  /** The state stays as it is: the same question will be asked again. */
  async #unanswered(
    answer: Exclude<Answer<unknown>, { type: 'answer' }>,
    askedAt: Instant,
    signal: AbortSignal,
  ): Promise<Round> {
    if (signal.aborted) return 'unanswered';
    // A host that was frozen for a moment must not spend the rest of its time on a poll that is held.
    this.#hurry = true;
    const { host } = this.#settings;
    const superseded = supersededBy(host, answer, askedAt);
    if (superseded !== undefined) {
      this.#setProblem(undefined);
      await this.#ports.inbox.put(superseded);
      return 'disowned';
    }
    if (answer.type === 'refusal' || answer.type === 'strange')
      return this.#livesOnly(`the agent of ${host}: ${answer.text}`, askedAt);
    this.#setProblem(undefined);
    if (answer.type === 'refused')
      await this.#ports.inbox.putUrgent({ type: 'refused', host, askedAt, strange: false });
    return 'unanswered';
  }

  /** Whatever it was that answered, a kernel and a process live there: never silence. */
  async #livesOnly(problem: string, askedAt: Instant): Promise<Round> {
    this.#setProblem(problem);
    await this.#ports.inbox.putUrgent({
      type: 'refused',
      host: this.#settings.host,
      askedAt,
      strange: true,
    });
    return 'unanswered';
  }

  #setProblem(text: string | undefined): void {
    if (text === this.#problem) return;
    this.#problem = text;
    const { host } = this.#settings;
    if (text !== undefined) this.#ports.log.warn({ host, text }, 'host cannot be heard');
  }
}
