// SPDX-License-Identifier: Apache-2.0
/**
 * The connections to one agent, few and kept. With certificates they are TLS, and the name in the
 * agent's must be the host's name in the configuration, whatever address leads there. After our own
 * certificate was read anew, new questions go over new connections, and the old ones end with their
 * last answers.
 */
import { X509Certificate } from 'node:crypto';
import { Agent } from 'node:http';
import { Agent as TlsAgent } from 'node:https';
import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { LiveIdentity } from '../../runtime/tls-live.ts';
import { isFor } from '../../runtime/tls-peer.ts';
import type { HostName } from '../core/spec.ts';

export type TlsTo = { readonly host: HostName; readonly identity: LiveIdentity };

/** As Node's own check says it. */
const WRONG_NAME = 'ERR_TLS_CERT_ALTNAME_INVALID';

type Pools = { readonly polls: Agent; readonly others: Agent };

/** A poll is held open; the one that takes its place may begin before the old one is closed. */
const POLLS = { keepAlive: true, maxSockets: 2 };
const OTHERS = { keepAlive: true, maxSockets: 32, maxFreeSockets: 4 };

export class AgentConnections implements Disposable {
  readonly #tls: TlsTo | undefined;
  #pools: Pools;
  #expiresAt: number | undefined;

  constructor(tls?: TlsTo) {
    this.#tls = tls;
    this.#pools = this.#openPools();
    tls?.identity.onChange(() => {
      for (const pool of Object.values(this.#pools)) retire(pool);
      this.#pools = this.#openPools();
    });
  }

  get polls(): Agent {
    return this.#pools.polls;
  }

  get others(): Agent {
    return this.#pools.others;
  }

  /** When the certificate ends that the agent has shown last. */
  get expiresAt(): number | undefined {
    return this.#expiresAt;
  }

  [Symbol.dispose](): void {
    for (const pool of Object.values(this.#pools)) pool.destroy();
  }

  #openPools(): Pools {
    const tls = this.#tls;
    if (tls === undefined) return { polls: new Agent(POLLS), others: new Agent(OTHERS) };
    return { polls: this.#tlsPool(tls, POLLS), others: this.#tlsPool(tls, OTHERS) };
  }

  #tlsPool({ host, identity }: TlsTo, bounds: typeof POLLS): TlsAgent {
    const pool = new TlsAgent(bounds);
    const { secureContext } = identity.current;
    const servername = isIP(host) ? '' : host;
    pool.createConnection = ({ host: address, port }) => {
      const tcp = connect({ host: address ?? '', port: Number(port), noDelay: true });
      const socket = connectTls({
        secureContext,
        socket: tcp,
        servername,
        checkServerIdentity: (_dialled, { raw }) => nameFault(host, new X509Certificate(raw)),
      });
      socket.once('secureConnect', () => {
        this.#expiresAt = socket.getPeerX509Certificate()?.validToDate.getTime();
      });
      TCP_BELOW.set(socket, tcp);
      return socket;
    };
    return pool;
  }
}

function nameFault(host: HostName, certificate: X509Certificate): Error | undefined {
  if (isFor(host, certificate)) return undefined;
  const { subject, subjectAltName = subject } = certificate;
  return Object.assign(new Error(`it is for ${subjectAltName}`), { code: WRONG_NAME });
}

const TCP_BELOW = new WeakMap<Socket, Socket>();

/** What can be reset, and counts each byte that came. */
export function tcpBelow(socket: Socket): Socket {
  return TCP_BELOW.get(socket) ?? socket;
}

/** What is idle closes now, the rest as soon as it is. */
function retire(pool: Agent): void {
  pool.maxFreeSockets = 0;
  for (const sockets of Object.values(pool.freeSockets)) {
    for (const socket of sockets ?? []) socket.destroy();
  }
}
