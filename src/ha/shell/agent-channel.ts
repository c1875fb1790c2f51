// SPDX-License-Identifier: Apache-2.0
/** One connection to an agent, kept from question to question; one question is under way at a time. */
import type { Socket } from 'node:net';
import { messageOf } from '../../kernel/error.ts';
import { AnswerReader, type HttpAnswer } from './agent-http.ts';

export type Sockets = {
  /** Where questions go in. */
  readonly socket: Socket;
  /** The same, or what carries its TLS: can be reset, and counts each byte that came. */
  readonly tcp: Socket;
};

export type ChannelEnd =
  | { readonly type: 'answer'; readonly answer: HttpAnswer }
  | { readonly type: 'failure'; readonly failure: ChannelFailure };

export type ChannelFailure = {
  readonly code: string;
  readonly text: string;
  /** The head of an answer was there. */
  readonly hasBegun: boolean;
  /** It had answered before: that it was closed meanwhile proves nothing. */
  readonly wasKept: boolean;
  /** On a connection that was made for this question. */
  readonly connected: boolean;
  readonly heard: boolean;
};

export const CLOSED: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE']);

export class AgentChannel {
  readonly #socket: Socket;
  readonly #tcp: Socket;
  /** It cannot be asked any more; told once, after whoever has asked. */
  readonly #onGone: (channel: AgentChannel) => void;
  #reader: AnswerReader | undefined;
  #onEnd: ((end: ChannelEnd) => void) | undefined;
  #wasKept = false;
  #isGone = false;

  constructor({ socket, tcp }: Sockets, onGone: (channel: AgentChannel) => void) {
    this.#socket = socket;
    this.#tcp = tcp;
    this.#onGone = onGone;
    socket.on('data', (piece: Buffer) => this.#read(piece));
    socket.on('error', (error) => {
      this.#fail('code' in error ? String(error.code) : '', messageOf(error));
    });
    socket.once('end', () => this.#fail('ECONNRESET', 'the connection was closed'));
    socket.once('close', () => this.#fail('ECONNRESET', 'the connection was closed'));
  }

  get isGone(): boolean {
    return this.#isGone;
  }

  ask(text: string, onEnd: (end: ChannelEnd) => void): void {
    this.#reader = new AnswerReader();
    this.#onEnd = onEnd;
    this.#socket.write(text);
  }

  /** Reset, or the kernel would still deliver the question when the path is mended. */
  abandon(): void {
    this.#tcp.resetAndDestroy();
    this.#fail('', 'no answer in time');
  }

  close(): void {
    this.#fail('', 'the connection is not used any more');
  }

  #read(piece: Buffer): void {
    // Nothing was asked.
    if (this.#reader === undefined) return this.close();
    let answer: HttpAnswer | undefined;
    try {
      answer = this.#reader.take(piece);
    } catch (error) {
      return this.#fail('not-http', messageOf(error));
    }
    if (answer === undefined) return;
    this.#wasKept = true;
    if (answer.isLast) this.#leave();
    this.#settle({ type: 'answer', answer });
  }

  #fail(code: string, text: string): void {
    const failure = {
      code,
      text,
      hasBegun: this.#reader?.hasBegun === true,
      wasKept: this.#wasKept,
      connected: !this.#wasKept && this.#tcp.bytesWritten > 0,
      heard: !this.#wasKept && this.#tcp.bytesRead > 0,
    };
    this.#leave();
    this.#settle({ type: 'failure', failure });
  }

  #leave(): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#socket.destroy();
    this.#onGone(this);
  }

  #settle(end: ChannelEnd): void {
    const onEnd = this.#onEnd;
    this.#onEnd = undefined;
    this.#reader = undefined;
    onEnd?.(end);
  }
}
