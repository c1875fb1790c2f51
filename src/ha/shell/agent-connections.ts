// SPDX-License-Identifier: Apache-2.0
/**
 * The connections to one agent, few and kept. With certificates they are TLS, and the name in the
 * agent's must be the host's name in the configuration, whatever address leads there. After our own
 * certificate was read anew, new questions go over new connections, and the old ones end with their
 * last answers.
 */
import { X509Certificate } from 'node:crypto';
import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import type { LiveIdentity } from '../../runtime/tls-live.ts';
import { isFor } from '../../runtime/tls-peer.ts';
import type { NetworkAddress } from '../config/hosts.ts';
import type { HostName } from '../core/spec.ts';
import type { Line } from './agent-channel.ts';
import { ChannelPool } from './channel-pool.ts';
import type { Handshakes } from './handshakes.ts';

/** As Node's own check says it. */
const WRONG_NAME = 'ERR_TLS_CERT_ALTNAME_INVALID';

type Pools = { readonly polls: ChannelPool; readonly others: ChannelPool };

/** A poll is held open; the one that takes its place may begin before it is answered. */
const POLLS = { max: 2, openingMax: 2, idleMax: 2 };
const OTHERS = { max: 32, openingMax: 2, idleMax: 4 };

export type TlsParts = {
  readonly identity: LiveIdentity;
  /** Of all clients together. */
  readonly handshakes: Handshakes;
};

export class AgentConnections implements Disposable {
  readonly #host: HostName;
  readonly #address: NetworkAddress;
  readonly #tls: TlsParts | undefined;
  #pools: Pools;
  #expiresAt: number | undefined;

  constructor(host: HostName, address: NetworkAddress, tls?: TlsParts) {
    this.#host = host;
    this.#address = address;
    this.#tls = tls;
    this.#pools = this.#openPools();
    tls?.identity.onChange(() => {
      for (const pool of Object.values(this.#pools)) pool.retire();
      this.#pools = this.#openPools();
    });
  }

  get isTls(): boolean {
    return this.#tls !== undefined;
  }

  get polls(): ChannelPool {
    return this.#pools.polls;
  }

  get others(): ChannelPool {
    return this.#pools.others;
  }

  /** When the certificate ends that the agent has shown last. */
  get expiresAt(): number | undefined {
    return this.#expiresAt;
  }

  [Symbol.dispose](): void {
    for (const pool of Object.values(this.#pools)) pool[Symbol.dispose]();
  }

  #openPools(): Pools {
    return {
      polls: new ChannelPool(() => this.#open(true), POLLS),
      others: new ChannelPool(() => this.#open(false), OTHERS),
    };
  }

  #open(isForPolls: boolean): Line {
    const { address, port } = this.#address;
    const tcp = connect({ host: address, port, noDelay: true });
    const tls = this.#tls;
    if (tls === undefined) return { tcp, whenOpen: (use) => use(tcp) };
    const whenOpen = (use: (socket: Socket) => void): void => {
      // Before, it costs nothing, and a host that is off would only stand in the way.
      tcp.once('connect', () => {
        const leaveQueue = tls.handshakes.enter((leave) => {
          if (tcp.destroyed) return leave();
          const socket = this.#secure(tcp, tls.identity);
          socket.once('secureConnect', leave);
          use(socket);
        }, isForPolls);
        tcp.once('close', leaveQueue);
      });
    };
    return { tcp, whenOpen };
  }

  #secure(tcp: Socket, { current: { secureContext } }: LiveIdentity): TLSSocket {
    const host = this.#host;
    const socket = connectTls({
      secureContext,
      socket: tcp,
      servername: isIP(host) ? '' : host,
      checkServerIdentity: (_dialled, { raw }) => nameFault(host, new X509Certificate(raw)),
    });
    socket.once('secureConnect', () => {
      this.#expiresAt = socket.getPeerX509Certificate()?.validToDate.getTime();
    });
    return socket;
  }
}

function nameFault(host: HostName, certificate: X509Certificate): Error | undefined {
  if (isFor(host, certificate)) return undefined;
  const { subject, subjectAltName = subject } = certificate;
  return Object.assign(new Error(`it is for ${subjectAltName}`), { code: WRONG_NAME });
}
