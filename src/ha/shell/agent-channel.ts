// SPDX-License-Identifier: Apache-2.0
/** One connection to an agent, kept from question to question; one question is under way at a time. */
import type { Socket } from 'node:net';
import { messageOf } from '../../kernel/error.ts';
import { AnswerReader, type HttpAnswer } from './agent-http.ts';

/** A connection that is being made. */
export type Line = {
  /** Can be reset, and counts each byte that came. */
  readonly tcp: Socket;
  /** Hands over, now or later, where questions go in: the same, or TLS upon it. */
  readonly whenOpen: (use: (socket: Socket) => void) => void;
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
  readonly #tcp: Socket;
  #socket: Socket | undefined;
  /** What is to be asked once it is open. */
  #text = '';
  readonly #onOpen: () => void;
  /** It cannot be asked any more; told once, before whoever has asked. */
  readonly #onGone: (channel: AgentChannel) => void;
  #reader: AnswerReader | undefined;
  #onEnd: ((end: ChannelEnd) => void) | undefined;
  #wasKept = false;
  #isOpen = false;
  #isGone = false;

  constructor(
    { tcp, whenOpen }: Line,
    { onOpen, onGone }: { onOpen: () => void; onGone: (channel: AgentChannel) => void },
  ) {
    this.#tcp = tcp;
    this.#onOpen = onOpen;
    this.#onGone = onGone;
    tcp.on('error', this.#failByError);
    tcp.once('close', this.#failByEnd);
    whenOpen((socket) => this.#use(socket));
  }

  #use(socket: Socket): void {
    // With TLS upon it, that tells more of what has gone wrong.
    this.#tcp.off('close', this.#failByEnd);
    if (socket !== this.#tcp) this.#tcp.off('error', this.#failByError).on('error', () => {});
    socket.on('data', (piece: Buffer) => this.#read(piece));
    if (socket === this.#tcp) this.#isOpen = true;
    else socket.on('error', this.#failByError).once('secureConnect', () => this.#opened());
    socket.once('end', this.#failByEnd);
    socket.once('close', this.#failByEnd);
    this.#socket = socket;
    if (this.#text !== '') socket.write(this.#text);
    this.#text = '';
  }

  readonly #failByError = (error: Error): void =>
    this.#fail('code' in error ? String(error.code) : '', messageOf(error));

  readonly #failByEnd = (): void => this.#fail('ECONNRESET', 'the connection was closed');

  /** Its handshake is over. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  get isGone(): boolean {
    return this.#isGone;
  }

  ask(text: string, onEnd: (end: ChannelEnd) => void): void {
    this.#reader = new AnswerReader();
    this.#onEnd = onEnd;
    if (this.#socket === undefined) this.#text = text;
    else this.#socket.write(text);
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

  #opened(): void {
    this.#isOpen = true;
    this.#onOpen();
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
    this.#socket?.destroy();
    this.#tcp.destroy();
    this.#onGone(this);
  }

  #settle(end: ChannelEnd): void {
    const onEnd = this.#onEnd;
    this.#onEnd = undefined;
    this.#reader = undefined;
    onEnd?.(end);
  }
}
