// SPDX-License-Identifier: Apache-2.0
/**
 * How many connections are open, and whose. A peer that opens thousands closes its own: where there
 * is no more room, the oldest idle connection of the address with most of them goes, first one on
 * which nobody has asked anything yet. So the manager finds a place, and keeps it, whatever others do. It works on bare TCP, before a peer has cost a handshake.
 */
import type { Socket } from 'node:net';

export type ConnectionLimits = {
  readonly max: number;
  /** A manager has up to 34, and twice as many for a moment when its certificate is renewed. */
  readonly perAddressMax: number;
};

type Connection = {
  readonly socket: Socket;
  readonly address: string;
  /** Something was asked on it: with TLS only a manager can. */
  hasAsked: boolean;
  /** Under way. */
  requests: number;
};

export class Connections {
  readonly #limits: ConnectionLimits;
  /** Oldest first. */
  readonly #open = new Map<string, Connection>();
  readonly #countOf = new Map<string, number>();

  constructor(limits: ConnectionLimits) {
    this.#limits = limits;
  }

  get count(): number {
    return this.#open.size;
  }

  /** False: there is no room for it, and it has been closed. */
  admit(socket: Socket): boolean {
    const address = socket.remoteAddress ?? '';
    if (!this.#makeRoom(address)) {
      socket.destroy();
      return false;
    }
    const key = keyOf(socket);
    const connection = { socket, address, hasAsked: false, requests: 0 };
    this.#open.set(key, connection);
    this.#countOf.set(address, this.#of(address) + 1);
    // Its port may have a new owner by then.
    socket.once('close', () => this.#open.get(key) === connection && this.#forget(key, connection));
    return true;
  }

  /** A request has come in on it: until that is answered it is not idle. */
  begin(socket: Socket): void {
    const connection = this.#open.get(keyOf(socket));
    if (connection === undefined) return;
    connection.requests += 1;
    connection.hasAsked = true;
  }

  end(socket: Socket): void {
    const key = keyOf(socket);
    const connection = this.#open.get(key);
    if (connection === undefined) return;
    connection.requests -= 1;
    // Idle since now: the youngest.
    this.#open.delete(key);
    this.#open.set(key, connection);
  }

  closeAll(): void {
    for (const { socket } of this.#open.values()) socket.destroy();
  }

  #makeRoom(address: string): boolean {
    const { max, perAddressMax } = this.#limits;
    if (this.#of(address) >= perAddressMax) return this.#closeIdleOf(address);
    return this.#open.size < max || this.#closeIdleOf(this.#greediest());
  }

  #closeIdleOf(address: string): boolean {
    const idle = [...this.#open].filter(
      ([, connection]) => connection.address === address && connection.requests === 0,
    );
    const [key, connection] = idle.find(([, { hasAsked }]) => !hasAsked) ?? idle[0] ?? [];
    if (key === undefined || connection === undefined) return false;
    this.#forget(key, connection);
    connection.socket.destroy();
    return true;
  }

  #greediest(): string {
    let most = '';
    for (const [address, count] of this.#countOf) if (count > this.#of(most)) most = address;
    return most;
  }

  #of(address: string): number {
    return this.#countOf.get(address) ?? 0;
  }

  #forget(key: string, { address }: Connection): void {
    this.#open.delete(key);
    const left = this.#of(address) - 1;
    if (left > 0) this.#countOf.set(address, left);
    else this.#countOf.delete(address);
  }
}

/** The same for the TCP connection and for TLS upon it. */
function keyOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
