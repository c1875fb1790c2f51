// SPDX-License-Identifier: Apache-2.0
/**
 * Serves the API on a Unix socket, open to whom its mode says and with bounds of its own. A socket that a dead manager left is
 * taken over; one at which somebody answers is not.
 */
import { chmodSync, chownSync, lstatSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { getRequestListener } from '@hono/node-server';
import { messageOf } from '../../kernel/error.ts';
import { HaError } from '../errors.ts';
import type { ManagerRoutes } from '../routes.ts';
import { firstHead } from './first-head.ts';

const REQUEST_TIMEOUT_MS = 10_000;
/** How often it is looked for requests that have taken too long to come in. */
const CHECK_EVERY_MS = 1_000;
const PROBE_MS = 2_000;

export type SocketBounds = {
  readonly mode: 0o600 | 0o660 | 0o666;
  /** The socket's group, where it is not our own. */
  readonly gid?: number;
  readonly connectionsMax: number;
  /** A connection on which nothing moves for so long is closed. */
  readonly silenceMs: number;
  /** Where nothing but the head of one request is read of each connection. */
  readonly isForLooking?: true;
};

export async function serveOnSocket(
  app: ManagerRoutes,
  path: string,
  bounds: SocketBounds,
): Promise<AsyncDisposable> {
  const server = boundedServer(app, bounds);
  try {
    // Also where a umask says otherwise: who may look must get as far as the socket.
    if (mkdirSync(dirname(path), { recursive: true }) !== undefined)
      chmodSync(dirname(path), 0o755);
    refuseOpenDirectory(path);
    await listen(server, path).catch(async (error: unknown) => {
      if (!isInUse(error) || !lstatSync(path).isSocket()) throw error;
      if (await somebodyAnswers(path)) throw inUse(path);
      rmSync(path, { force: true });
      await listen(server, path);
    });
    if (bounds.gid !== undefined) chownSync(path, -1, bounds.gid);
    chmodSync(path, bounds.mode);
  } catch (error) {
    server.close();
    throw error instanceof HaError ? error : unusable(path, error);
  }
  return { [Symbol.asyncDispose]: () => close(server) };
}

function boundedServer(app: ManagerRoutes, bounds: SocketBounds): Server {
  const listener = getRequestListener(app.fetch);
  const limits = {
    requestTimeout: REQUEST_TIMEOUT_MS,
    headersTimeout: REQUEST_TIMEOUT_MS,
    connectionsCheckingInterval: CHECK_EVERY_MS,
  };
  const server = createServer(limits, (request, response) => {
    // One question for each connection: what it took up is free again as soon as it is answered.
    response.setHeader('connection', 'close');
    void listener(request, response);
  });
  server.maxConnections = bounds.connectionsMax;
  // Who lines up more of them is cut off.
  server.maxRequestsPerSocket = 1;
  server.on('dropRequest', (_request, socket) => void socket.destroy());
  server.timeout = bounds.silenceMs;
  if (bounds.isForLooking) readHeadsOnly(server, bounds.silenceMs);
  return server;
}

/** Puts itself before what parses the connections. */
function readHeadsOnly(server: Server, silenceMs: number): void {
  const parsers = server.listeners('connection');
  server.removeAllListeners('connection');
  server.on('connection', (socket) => {
    socket.setTimeout(silenceMs);
    const stream = firstHead(socket);
    for (const parse of parsers) Reflect.apply(parse, server, [stream]);
  });
}

/** Whoever may rename files there could put a socket of his own in our place. */
function refuseOpenDirectory(path: string): void {
  const directory = dirname(path);
  const { mode } = statSync(directory);
  const isSticky = (mode & 0o1000) !== 0;
  if ((mode & 0o022) === 0 || isSticky) return;
  throw new HaError(
    `${path}: others than its owner may change the directory, and put another socket there: chmod go-w ${directory}`,
    { code: 'socket-unusable', path },
    { effect: 'none' },
  );
}

/** Throws if a manager answers at the socket, before anything of that manager is touched. */
export async function refuseSocketInUse(path: string): Promise<void> {
  if (await somebodyAnswers(path)) throw inUse(path);
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    // From its first moment on nobody else may open it; the name appears within this call.
    const umask = process.umask(0o177);
    server.listen(path, () => {
      server.removeListener('error', reject);
      resolve();
    });
    process.umask(umask);
  });
}

function isInUse(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
}

/** No answer in time counts as somebody: a manager that is stopped is still one. */
function somebodyAnswers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const end = (answered: boolean): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answered);
    };
    const timer = setTimeout(end, PROBE_MS, true);
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
  });
}

/** Live views never end by themselves, so that their connections are closed from here. */
async function close(server: Server): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeAllConnections();
  await closed;
}

function inUse(path: string): HaError {
  const message = `${path}: another manager answers at this socket; stop it first, or give this one its own --socket and --journal`;
  return new HaError(message, { code: 'socket-unusable', path }, { effect: 'none' });
}

function unusable(path: string, cause: unknown): HaError {
  const why = messageOf(cause);
  const message = `${path}: the socket cannot be made (${why}); correct --socket, or the directory's mode`;
  return new HaError(message, { code: 'socket-unusable', path }, { effect: 'none', cause });
}
