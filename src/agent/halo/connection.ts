// SPDX-License-Identifier: Apache-2.0
/**
 * One connection of HALO's manager, or of whoever comes to its port: bytes in, bytes out, and what it
 * may cost. A peer that says nonsense, stops in the middle of a message or never reads is closed; one
 * that talks too fast is read more slowly.
 */
import type { Socket } from 'node:net';
import { messageOf } from '../../kernel/error.ts';
import { Frames } from './frames.ts';
import type { HaloAnswer, HaloCall } from './schema.ts';
import { Vat } from './vat.ts';

export type ConnectionPorts = {
  readonly operate: (call: HaloCall, nobodyWaits: AbortSignal) => Promise<HaloAnswer>;
  /** It has said something that makes sense. */
  readonly onSpoken: () => void;
  readonly onFault: (reason: string) => void;
};

/** Under way at once; beyond that nothing is read. */
const CALLS_MAX = 128;
/** Taken in before others have their turn. */
const MESSAGES_PER_TURN = 16;
const UNSENT_BYTES_MAX = 1_048_576;
/** For the rest of a message that has begun. */
const HALF_MESSAGE_MS = 10_000;
const LAST_WORDS_MS = 1_000;
const KEEP_ALIVE_MS = 30_000;

export class HaloConnection {
  readonly #socket: Socket;
  readonly #ports: ConnectionPorts;
  readonly #frames = new Frames();
  readonly #vat: Vat;
  #hasSpoken = false;
  #isDraining = false;
  #isOver = false;
  #halfMessage: NodeJS.Timeout | undefined;

  constructor(socket: Socket, ports: ConnectionPorts) {
    this.#socket = socket;
    this.#ports = ports;
    this.#vat = new Vat({
      operate: (call, nobodyWaits) => this.#operate(call, nobodyWaits),
      send: (bytes) => this.#send(bytes),
    });
    socket.setNoDelay(true);
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    socket.on('data', (chunk: Buffer) => {
      this.#frames.push(chunk);
      this.#drain();
    });
    socket.on('error', () => {}); // It closes, too.
    socket.on('end', () => {
      this.#end();
      socket.end();
    });
    socket.on('close', () => this.#end());
  }

  /** Takes in what has arrived, a little at a time, and no more than may be under way. */
  #drain(): void {
    if (this.#isDraining || this.#isOver) return;
    try {
      for (let taken = 0; this.#vat.callsUnderWay < CALLS_MAX; taken += 1) {
        if (taken === MESSAGES_PER_TURN) return this.#drainLater();
        const frame = this.#frames.next();
        if (frame === undefined) return this.#awaitMore();
        this.#expectRest(false);
        this.#vat.take(frame);
        if (!this.#hasSpoken) this.#ports.onSpoken();
        this.#hasSpoken = true;
      }
      this.#socket.pause();
    } catch (error) {
      this.#giveUp(messageOf(error));
    }
  }

  #drainLater(): void {
    this.#isDraining = true;
    this.#socket.pause();
    setImmediate(() => {
      this.#isDraining = false;
      this.#drain();
    });
  }

  #awaitMore(): void {
    this.#expectRest(this.#frames.waitingBytes > 0);
    this.#socket.resume();
  }

  /** The time of a half message counts from its first byte on. */
  #expectRest(isHalf: boolean): void {
    if (isHalf) {
      this.#halfMessage ??= setTimeout(
        () => this.#giveUp('The rest of a message did not come.'),
        HALF_MESSAGE_MS,
      ).unref();
      return;
    }
    clearTimeout(this.#halfMessage);
    this.#halfMessage = undefined;
  }

  async #operate(call: HaloCall, nobodyWaits: AbortSignal): Promise<HaloAnswer> {
    try {
      return await this.#ports.operate(call, nobodyWaits);
    } catch (error) {
      return { type: 'error', text: messageOf(error) };
    } finally {
      // The answer goes out first.
      setImmediate(() => this.#drain());
    }
  }

  #send(bytes: Uint8Array): void {
    if (this.#socket.destroyed || !this.#socket.writable) return;
    this.#socket.write(bytes);
    if (this.#socket.writableLength <= UNSENT_BYTES_MAX) return;
    this.#ports.onFault('It does not read our answers.');
    this.#socket.destroy();
  }

  #giveUp(reason: string): void {
    if (this.#isOver) return;
    this.#ports.onFault(reason);
    this.#vat.abort(reason);
    this.#end();
    this.#socket.end();
    // Read and dropped: what lies unread would take our last words away with it.
    this.#socket.resume();
    const socket = this.#socket;
    const close = setTimeout(() => socket.destroy(), LAST_WORDS_MS).unref();
    socket.once('close', () => clearTimeout(close));
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#expectRest(false);
    this.#vat.close();
  }
}
