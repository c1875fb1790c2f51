// SPDX-License-Identifier: Apache-2.0
/**
 * What all listeners of the agent have in common: an address, bounds on the number of connections, and
 * TLS in front where the agent has an identity.
 */
import { createServer, type Server, type Socket } from 'node:net';
import { messageOf } from '../kernel/error.ts';
import type { Connections } from './connections.ts';
import { AgentError } from './errors.ts';
import { openGate, type GateOptions } from './gate.ts';

export type Listening = {
  readonly port: number;
  /** Ends all connections, held polls included. */
  close(): Promise<void>;
};

export type ListenOptions = {
  readonly address: string;
  readonly port: number;
  /** Where an administrator has named the address. */
  readonly flag: string;
  /** Without it: plain TCP. */
  readonly gate?: GateOptions;
};

/** `serve` is handed each connection that has been let in. */
export async function listenTcp(
  { address, port, flag, gate }: ListenOptions,
  connections: Connections,
  serve: (socket: Socket) => void,
): Promise<Listening> {
  const enter = gate === undefined ? serve : openGate(gate, serve, () => connections.closeAll());
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    if (connections.admit(socket)) enter(socket);
  });
  await bind(server, address, port, flag);
  const bound = server.address();
  return {
    port: typeof bound === 'object' && bound !== null ? bound.port : port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        connections.closeAll();
      }),
  };
}

function bind(server: Server, address: string, port: number, flag: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      const message = `Cannot listen on ${address}:${port}: ${messageOf(cause)}. Name another with ${flag}.`;
      reject(new AgentError(message, { code: 'agent-listen-failed' }, { effect: 'none', cause }));
    });
    server.listen(port, address, resolve);
  });
}
