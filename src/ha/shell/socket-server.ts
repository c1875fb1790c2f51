// SPDX-License-Identifier: Apache-2.0
/**
 * Serves the API on a Unix socket that only its owner may open. A socket that a dead manager left is
 * taken over; one at which somebody answers is not.
 */
import { chmodSync, lstatSync, mkdirSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { getRequestListener } from '@hono/node-server';
import { HaError } from '../errors.ts';
import type { ManagerRoutes } from '../routes.ts';

const CONNECTIONS_MAX = 256;
const REQUEST_TIMEOUT_MS = 10_000;
const PROBE_MS = 2_000;

export type SocketServer = AsyncDisposable & { readonly path: string };

export async function serveOnSocket(app: ManagerRoutes, path: string): Promise<SocketServer> {
  const limits = { requestTimeout: REQUEST_TIMEOUT_MS, headersTimeout: REQUEST_TIMEOUT_MS };
  const listener = getRequestListener(app.fetch);
  const server = createServer(limits, (request, response) => void listener(request, response));
  server.maxConnections = CONNECTIONS_MAX;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
    await listen(server, path).catch(async (error: unknown) => {
      if (!isInUse(error) || !lstatSync(path).isSocket()) throw error;
      if (await somebodyAnswers(path)) throw inUse(path);
      rmSync(path, { force: true });
      await listen(server, path);
    });
    chmodSync(path, 0o600);
  } catch (error) {
    server.close();
    throw error instanceof HaError ? error : unusable(path, error);
  }
  return { path, [Symbol.asyncDispose]: () => close(server) };
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
  const why = cause instanceof Error ? cause.message : String(cause);
  const message = `${path}: the socket cannot be made (${why}); correct --socket, or the directory's mode`;
  return new HaError(message, { code: 'socket-unusable', path }, { effect: 'none', cause });
}
