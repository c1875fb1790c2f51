// SPDX-License-Identifier: Apache-2.0
/** Serves the API on one address, with bounds on what a peer may cost. */
import { createServer, type Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Api } from './http-api.ts';
import { Connections } from './connections.ts';
import { refuseSocket } from './refuse-socket.ts';
import { listenTcp, type ListenOptions, type Listening } from './tcp-server.ts';

const LIMITS = { max: 256, perAddressMax: 96 };
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 30_000;
/** Longer than a poll may be held, so that a manager can keep its connection. */
const KEEP_ALIVE_MS = 75_000;
/** Of a connection on which nothing moves, for instance since nobody reads the answer. */
const STILL_MS = 90_000;
const LOOK_EVERY_MS = 2_000;

export async function listen(api: Api, where: ListenOptions): Promise<Listening> {
  const connections = new Connections(LIMITS);
  const http = createApiServer(api, connections);
  return await listenTcp(where, connections, (socket) => void http.emit('connection', socket));
}

/** It listens nowhere itself: it is handed connections. */
function createApiServer(api: Api, connections: Connections): Server {
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
      void api(request, response);
    },
  );
  server.setTimeout(STILL_MS);
  server.on('clientError', refuseHalfMessage);
  // It enforces its time limits from when it listens on, which it never does itself.
  server.emit('listening');
  return server;
}

function refuseHalfMessage(error: Error, socket: Duplex): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const message = `This is no whole HTTP request: ${error.message}`;
  refuseSocket(socket, '400 Bad Request', { code: 'bad-request', message });
}
