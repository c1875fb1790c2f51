// SPDX-License-Identifier: Apache-2.0
/** Serves the API on one address, with bounds on what a peer may cost. */
import { createServer, type Server } from 'node:http';
import { createServer as createTcpServer, type Server as TcpServer } from 'node:net';
import type { Duplex } from 'node:stream';
import { getRequestListener } from '@hono/node-server';
import type { Api } from './http-api.ts';
import { Connections } from './connections.ts';
import type { Refusal } from './contract.ts';
import { AgentError, messageOf } from './errors.ts';
import { openGate, type GateOptions } from './gate.ts';

export type Listening = {
  readonly port: number;
  /** Ends all connections, held polls included. */
  close(): Promise<void>;
};

export type ListenOptions = {
  readonly address: string;
  readonly port: number;
  /** Without it: plain TCP. */
  readonly gate?: GateOptions;
};

const LIMITS = { max: 256, perAddressMax: 96 };
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 30_000;
/** Longer than a poll may be held, so that a manager can keep its connection. */
const KEEP_ALIVE_MS = 75_000;
/** Of a connection on which nothing moves, for instance since nobody reads the answer. */
const STILL_MS = 90_000;
const LOOK_EVERY_MS = 2_000;

export async function listen(app: Api, { address, port, gate }: ListenOptions): Promise<Listening> {
  const connections = new Connections(LIMITS);
  const http = createApiServer(app, connections);
  const serve = (socket: Duplex): void => void http.emit('connection', socket);
  const enter = gate === undefined ? serve : openGate(gate, serve, () => connections.closeAll());
  const server = createTcpServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    if (connections.admit(socket)) enter(socket);
  });
  await bind(server, address, port);
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

/** It listens nowhere itself: it is handed connections. */
function createApiServer(app: Api, connections: Connections): Server {
  const answer = getRequestListener(app.fetch);
  const server = createServer(
    {
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      connectionsCheckingInterval: LOOK_EVERY_MS,
    },
    (request, response) => {
      const { socket } = request;
      connections.begin(socket);
      response.once('close', () => connections.end(socket));
      void answer(request, response);
    },
  );
  server.setTimeout(STILL_MS);
  server.on('clientError', refuseHalfMessage);
  return server;
}

function bind(server: TcpServer, address: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      const message = `Cannot listen on ${address}:${port}: ${messageOf(cause)}. Name another with --listen.`;
      reject(new AgentError(message, { code: 'agent-listen-failed' }, { effect: 'none', cause }));
    });
    server.listen(port, address, resolve);
  });
}

function refuseHalfMessage(error: Error, socket: Duplex): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const message = `This is no whole HTTP request: ${error.message}`;
  const refusal: Refusal = { code: 'bad-request', message };
  const text = JSON.stringify(refusal);
  socket.end(
    'HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: application/json\r\n' +
      `Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
  );
}
