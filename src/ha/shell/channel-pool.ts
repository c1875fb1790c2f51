// SPDX-License-Identifier: Apache-2.0
/** A few connections to one agent: questions take one that is free, else a new one, else their turn. */
import { AgentChannel, type ChannelEnd, type Line } from './agent-channel.ts';

export type PoolBounds = {
  readonly max: number;
  /** Handshakes at once. What is answered soon is asked over few connections; the rest is held. */
  readonly openingMax: number;
  readonly idleMax: number;
};

type Question = {
  readonly text: string;
  readonly onEnd: (end: ChannelEnd) => void;
  /** On which it was sent; absent: it waits for its turn. */
  channel?: AgentChannel;
};

const NEVER_SENT: ChannelEnd = {
  type: 'failure',
  failure: {
    code: '',
    text: 'all connections to it are busy',
    hasBegun: false,
    wasKept: false,
    connected: false,
    heard: false,
  },
};

export class ChannelPool implements Disposable {
  readonly #open: () => Line;
  readonly #bounds: PoolBounds;
  readonly #channels = new Set<AgentChannel>();
  readonly #idle: AgentChannel[] = [];
  /** In their order. As many as there are askers, who each have a deadline. */
  readonly #waiting = new Set<Question>();
  #isRetired = false;

  constructor(open: () => Line, bounds: PoolBounds) {
    this.#open = open;
    this.#bounds = bounds;
  }

  /** `onEnd` is called once. What comes back gives the question up. */
  ask(text: string, onEnd: (end: ChannelEnd) => void): () => void {
    const question: Question = { text, onEnd };
    const channel = this.#idle.pop() ?? this.#openOne();
    if (channel === undefined) this.#waiting.add(question);
    else this.#put(question, channel);
    return () => {
      if (this.#waiting.delete(question)) onEnd(NEVER_SENT);
      else question.channel?.abandon();
    };
  }

  /** What is idle closes now, the rest with its last answer. */
  retire(): void {
    this.#isRetired = true;
    for (const channel of this.#idle.splice(0)) channel.close();
  }

  [Symbol.dispose](): void {
    for (const question of this.#waiting) question.onEnd(NEVER_SENT);
    this.#waiting.clear();
    for (const channel of this.#channels) channel.abandon();
  }

  #openOne(): AgentChannel | undefined {
    const { max, openingMax } = this.#bounds;
    if (this.#channels.size >= max) return undefined;
    const opening = this.#channels.values().filter(({ isOpen }) => !isOpen);
    if (opening.take(openingMax).toArray().length >= openingMax) return undefined;
    const channel = new AgentChannel(this.#open(), {
      onOpen: () => this.#openForWaiting(),
      onGone: (gone) => this.#forget(gone),
    });
    this.#channels.add(channel);
    return channel;
  }

  #put(question: Question, channel: AgentChannel): void {
    question.channel = channel;
    channel.ask(question.text, (end) => {
      delete question.channel;
      if (!channel.isGone) this.#free(channel);
      question.onEnd(end);
    });
  }

  #free(channel: AgentChannel): void {
    const next = this.#takeWaiting();
    if (next !== undefined) this.#put(next, channel);
    else if (this.#isRetired || this.#idle.length >= this.#bounds.idleMax) channel.close();
    else this.#idle.push(channel);
  }

  #forget(channel: AgentChannel): void {
    this.#channels.delete(channel);
    const at = this.#idle.indexOf(channel);
    if (at >= 0) this.#idle.splice(at, 1);
    this.#openForWaiting();
  }

  #openForWaiting(): void {
    if (this.#waiting.size === 0) return;
    const another = this.#openOne();
    const next = another && this.#takeWaiting();
    if (next !== undefined && another !== undefined) this.#put(next, another);
  }

  #takeWaiting(): Question | undefined {
    const [next] = this.#waiting;
    if (next !== undefined) this.#waiting.delete(next);
    return next;
  }
}
