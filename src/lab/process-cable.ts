// SPDX-License-Identifier: Apache-2.0
/**
 * The cable and the network card of a host that is only processes. All such hosts share one kernel,
 * which refuses connections for a dead host as it does for a dead agent; a real host without power
 * says nothing at all. So each host is spoken to through this relay, which falls silent with it.
 */
import { connect, createServer, type Server, type Socket } from 'node:net';
import { AureoleError } from '../kernel/error.ts';

const LOOPBACK = '127.0.0.1';
const CONNECTIONS_MAX = 256;

export type ProcessCableOptions = {
  /** Where the agent listens. */
  readonly agentPort: number;
  /** False: nothing passes, and nobody says goodbye. */
  readonly isPlugged: () => boolean;
};

export class ProcessCable implements AsyncDisposable {
  /** Where the host is spoken to. */
  readonly port: number;
  readonly #server: Server;
  readonly #sockets: Set<Socket>;

  private constructor(server: Server, sockets: Set<Socket>, port: number) {
    this.#server = server;
    this.#sockets = sockets;
    this.port = port;
  }

  static async open(options: ProcessCableOptions): Promise<ProcessCable> {
    const sockets = new Set<Socket>();
    const server = createServer((outer) => {
      keep(outer, sockets);
      if (options.isPlugged()) relay(outer, options, sockets);
    });
    server.maxConnections = CONNECTIONS_MAX;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(0, LOOPBACK, resolve);
    });
    const address = server.address();
    if (typeof address === 'object' && address !== null) {
      return new ProcessCable(server, sockets, address.port);
    }
    throw new AureoleError(
      'no free port on the loopback',
      { code: 'lab-no-port' },
      { effect: 'none' },
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}

function relay(
  outer: Socket,
  { agentPort, isPlugged }: ProcessCableOptions,
  all: Set<Socket>,
): void {
  const inner = connect(agentPort, LOOPBACK);
  keep(inner, all);
  outer.on('data', (data) => isPlugged() && inner.write(data));
  inner.on('data', (data) => isPlugged() && outer.write(data));
  outer.once('close', () => inner.destroy());
  // The agent has closed, or there is none: the host's kernel says so, if the host still lives.
  inner.once('close', () => isPlugged() && outer.resetAndDestroy());
}

function keep(socket: Socket, all: Set<Socket>): void {
  all.add(socket);
  socket.on('error', () => socket.destroy()).once('close', () => all.delete(socket));
}
