// SPDX-License-Identifier: Apache-2.0
/**
 * TLS in front of the API. Who has no certificate that may give orders gets one fixed answer with the
 * reason, so that the manager can show it, and nothing that he sends is read.
 */
import type { Socket } from 'node:net';
import { createServer, type TLSSocket } from 'node:tls';
import { messageOf } from '../kernel/error.ts';
import type { Log } from '../runtime/log.ts';
import type { LiveIdentity } from '../runtime/tls-live.ts';
import { isFor, isForClients, peerName } from '../runtime/tls-peer.ts';
import { complaints } from './complaints.ts';
import { refuseSocket } from './refuse-socket.ts';

export type GateOptions = {
  readonly identity: LiveIdentity;
  /** Names of certificates that may give orders; undefined: each that is made for clients. */
  readonly managers: readonly string[] | undefined;
  readonly log: Log;
};

const HANDSHAKE_MS = 5_000;
const LAST_WORDS_MS = 1_000;

/** Where connections go in. `onChange`: certificates were read anew; who was good before may not be so now. */
export function openGate(
  { identity, managers, log }: GateOptions,
  onEntered: (socket: TLSSocket) => void,
  onChange: () => void,
): (socket: Socket) => void {
  const complain = complaints(log);
  const server = createServer(
    {
      ...identity.current.context,
      requestCert: true,
      // Judged below, to answer with the reason.
      rejectUnauthorized: false,
      handshakeTimeout: HANDSHAKE_MS,
    },
    (socket) => {
      const reason = whyNot(socket, managers);
      if (reason === undefined) return onEntered(socket);
      complain({ from: socket.remoteAddress, name: peerName(socket), reason });
      turnAway(socket, reason);
    },
  );
  server.on('tlsClientError', (error, socket) => {
    complain({ from: socket.remoteAddress, reason: `no TLS handshake: ${messageOf(error)}` });
    // Who has let the time go by is left to us.
    socket.destroy();
  });
  identity.onChange(() => {
    server.setSecureContext(identity.current.context);
    onChange();
  });
  return (socket) => void server.emit('connection', socket);
}

/** Why the peer may give no orders; undefined: it may. */
function whyNot(socket: TLSSocket, managers: readonly string[] | undefined): string | undefined {
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return 'the manager has shown no certificate';
  const name = peerName(socket);
  if (!socket.authorized) {
    return `the certificate of ${name} is not accepted: ${wordsFor(socket.authorizationError)}`;
  }
  if (managers === undefined) {
    // OpenSSL takes a certificate that does not say its use for good for all.
    if (isForClients(certificate) === true) return undefined;
    return `the certificate of ${name} is not made for managers: start the agent with --manager ${name}, if it is one`;
  }
  const isNamed = managers.some((manager) => isFor(manager, certificate));
  return isNamed ? undefined : `${name} is none of the managers of this agent (--manager)`;
}

function wordsFor(verdict: unknown): string {
  switch (String(verdict)) {
    case 'CERT_REVOKED':
      return 'it is revoked (aureole pki issue --manager NAME makes another)';
    case 'CERT_HAS_EXPIRED':
      return 'it has ended (aureole pki renew)';
    case 'CERT_NOT_YET_VALID':
      return 'it is not valid yet: look at the clocks';
    case 'INVALID_PURPOSE':
      return 'it is not made for managers (aureole pki issue --manager NAME)';
    case 'CRL_HAS_EXPIRED':
      return 'the revocation list on the host is out of date';
    default:
      return `the authority on the host did not sign it, or not as asked for (${String(verdict)})`;
  }
}

function turnAway(socket: TLSSocket, message: string): void {
  const close = setTimeout(() => socket.destroy(), LAST_WORDS_MS).unref();
  socket.on('error', () => {});
  socket.once('close', () => clearTimeout(close));
  // Read and dropped: what lies unread would take the answer away with it.
  socket.resume();
  refuseSocket(socket, '403 Forbidden', { code: 'not-a-manager', message });
}
