// SPDX-License-Identifier: Apache-2.0
/**
 * The connections to one agent, few and kept. With certificates they are TLS, and the name in the
 * agent's must be the host's name in the configuration, whatever address leads there. After our own
 * certificate was read anew, new questions go over new connections, and the old ones end with their
 * last answers.
 */
import { X509Certificate } from 'node:crypto';
import { connect, isIP } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { LiveIdentity } from '../../runtime/tls-live.ts';
import { isFor } from '../../runtime/tls-peer.ts';
import type { NetworkAddress } from '../config/hosts.ts';
import type { HostName } from '../core/spec.ts';
import type { Sockets } from './agent-channel.ts';
import { ChannelPool } from './channel-pool.ts';

/** As Node's own check says it. */
const WRONG_NAME = 'ERR_TLS_CERT_ALTNAME_INVALID';

type Pools = { readonly polls: ChannelPool; readonly others: ChannelPool };

/** A poll is held open; the one that takes its place may begin before it is answered. */
const POLLS = { max: 2, idleMax: 2 };
const OTHERS = { max: 32, idleMax: 4 };

export class AgentConnections implements Disposable {
  readonly #host: HostName;
  readonly #address: NetworkAddress;
  readonly #identity: LiveIdentity | undefined;
  #pools: Pools;
  #expiresAt: number | undefined;

  constructor(host: HostName, address: NetworkAddress, identity?: LiveIdentity) {
    this.#host = host;
    this.#address = address;
    this.#identity = identity;
    this.#pools = this.#openPools();
    identity?.onChange(() => {
      for (const pool of Object.values(this.#pools)) pool.retire();
      this.#pools = this.#openPools();
    });
  }

  get isTls(): boolean {
    return this.#identity !== undefined;
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
    const open = (): Sockets => this.#open();
    return { polls: new ChannelPool(open, POLLS), others: new ChannelPool(open, OTHERS) };
  }

  #open(): Sockets {
    const { address, port } = this.#address;
    const tcp = connect({ host: address, port, noDelay: true });
    if (this.#identity === undefined) return { socket: tcp, tcp };
    const host = this.#host;
    const socket = connectTls({
      secureContext: this.#identity.current.secureContext,
      socket: tcp,
      servername: isIP(host) ? '' : host,
      checkServerIdentity: (_dialled, { raw }) => nameFault(host, new X509Certificate(raw)),
    });
    socket.once('secureConnect', () => {
      this.#expiresAt = socket.getPeerX509Certificate()?.validToDate.getTime();
    });
    return { socket, tcp };
  }
}

function nameFault(host: HostName, certificate: X509Certificate): Error | undefined {
  if (isFor(host, certificate)) return undefined;
  const { subject, subjectAltName = subject } = certificate;
  return Object.assign(new Error(`it is for ${subjectAltName}`), { code: WRONG_NAME });
}
