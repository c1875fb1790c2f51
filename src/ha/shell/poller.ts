// SPDX-License-Identifier: Apache-2.0
/**
 * Listens to one host: gives each run of its agent the watch list, then polls it back to back. One
 * question is under way at a time, and the next one waits until the runner has taken in the answer.
 */
import type { Epoch, WatchedResource } from '../../agent/contract.ts';
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

export type PollerSettings = {
  readonly host: HostName;
  readonly epoch: Epoch;
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

export class Poller {
  readonly #settings: PollerSettings;
  readonly #ports: PollerPorts;
  #state: PollCursor = UNACQUAINTED;
  /** The next poll is to be answered at once. */
  #hurry = false;
  /** Drops the poll that the agent is holding, if it is. */
  #dropHeldPoll = (): void => {};
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
    this.#dropHeldPoll();
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#ports;
    while (!signal.aborted) {
      const askedAt = clock.now();
      const answered = await this.#round(askedAt, signal);
      const roundMs = answered ? SHORTEST_ROUND_MS : this.#settings.heartbeatTimeoutMs / 16;
      await clock.sleepUntil(askedAt + roundMs, signal);
    }
  }

  /** Resolves to whether an answer came that leads on to the next question. */
  async #round(askedAt: Instant, signal: AbortSignal): Promise<boolean> {
    const question = nextQuestion(this.#state);
    const deadlineMs = this.#settings.heartbeatTimeoutMs / 2;
    switch (question.type) {
      case 'identity': {
        const answer = await this.#ports.client.identity(deadlineMs, signal);
        if (answer.type !== 'answer') return this.#unanswered(answer, askedAt, signal);
        return this.#become(answer.body.host, afterIdentity(answer.body.incarnation));
      }
      case 'watch': {
        const { epoch, watched } = this.#settings;
        const list = { epoch, resources: [...watched] };
        const answer = await this.#ports.client.watch(list, deadlineMs, signal);
        if (answer.type !== 'answer') return this.#unanswered(answer, askedAt, signal);
        return this.#become(this.#settings.host, afterWatch(this.#state));
      }
      case 'poll':
        return this.#poll(question.cursor, askedAt, signal);
      default:
        return unreachable(question);
    }
  }

  async #poll(cursor: number, askedAt: Instant, signal: AbortSignal): Promise<boolean> {
    const { host, epoch, heartbeatTimeoutMs } = this.#settings;
    const waitMs = this.#hurry ? 0 : Math.min(60_000, Math.floor(heartbeatTimeoutMs / 4));
    this.#hurry = false;
    const held = new AbortController();
    const drop = (): void => held.abort();
    if (waitMs > 0) this.#dropHeldPoll = drop;
    signal.addEventListener('abort', drop);
    const question = { epoch, cursor, waitMs };
    const answer = await this.#ports.client.poll(question, heartbeatTimeoutMs / 2, held.signal);
    signal.removeEventListener('abort', drop);
    this.#dropHeldPoll = () => {};
    if (held.signal.aborted) return true;
    if (answer.type !== 'answer') return this.#unanswered(answer, askedAt, signal);
    if (!this.#become(answer.body.host, afterBeat(this.#state, answer.body))) return false;
    // A host must not seem silent because its answer waits behind those of others.
    await this.#ports.inbox.putUrgent(beatOf(host, askedAt, answer.body));
    return true;
  }

  /** The agent must be that of our host: addresses get mixed up, and agents moved. */
  #become(answeringHost: HostName, state: PollCursor): boolean {
    const { host } = this.#settings;
    const right = answeringHost === host;
    this.#state = right ? state : UNACQUAINTED;
    this.#setProblem(
      right
        ? undefined
        : `at the address of ${host} the agent of "${answeringHost}" answers: correct the address, or the agent's --name`,
    );
    return right;
  }

  /** The state stays as it is: the same question will be asked again. */
  async #unanswered(
    answer: Exclude<Answer<unknown>, { type: 'answer' }>,
    askedAt: Instant,
    signal: AbortSignal,
  ): Promise<false> {
    if (signal.aborted) return false;
    const { host } = this.#settings;
    const { inbox } = this.#ports;
    const disowned =
      answer.type === 'refusal' &&
      (answer.code === 'superseded' || answer.code === 'other-journal');
    const strange = !disowned && (answer.type === 'refusal' || answer.type === 'strange');
    this.#setProblem(strange ? `the agent of ${host}: ${answer.text}` : undefined);
    if (disowned) await inbox.put({ type: 'superseded', host, text: answer.text });
    else if (answer.type === 'refused') await inbox.putUrgent({ type: 'refused', host, askedAt });
    return false;
  }

  #setProblem(text: string | undefined): void {
    if (text === this.#problem) return;
    this.#problem = text;
    const { host } = this.#settings;
    if (text !== undefined) this.#ports.log.warn({ host, text }, 'host cannot be heard');
  }
}
