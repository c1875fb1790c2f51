// SPDX-License-Identifier: Apache-2.0
/**
 * A small Redfish service over https whose systems are lab hosts: sessions, Systems and
 * ComputerSystem.Reset, as far as `fence_redfish` and `curl` ask for them.
 */
import { execFile } from 'node:child_process';
import { randomUUID, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:https';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { promisify } from 'node:util';

export type RedfishOptions = {
  /** For its key and certificate. */
  readonly directory: string;
  readonly address: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly username: string;
  readonly password: string;
  /** Name of the system -> directory of the lab host; see power-contract.md. */
  readonly systems: ReadonlyMap<string, string>;
};

export type RedfishService = {
  readonly port: number;
  readonly stop: () => Promise<void>;
};

type Answer = {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
};

const LAB_POWER = join(import.meta.dirname, 'lab-power.sh');
const POWER_DEADLINE_MS = 20_000;
const SESSIONS_MAX = 64;
const BODY_BYTES_MAX = 65_536;
const ROOT = '/redfish/v1';
const SESSIONS = `${ROOT}/SessionService/Sessions`;
const SYSTEM = /^\/redfish\/v1\/Systems\/([^/]+)(\/Actions\/ComputerSystem\.Reset)?$/;
/** What each kind of reset asks of the power switch, in this order. */
const RESETS = new Map<string, readonly ('off' | 'on')[]>([
  ['On', ['on']],
  ['ForceOn', ['on']],
  ['ForceOff', ['off']],
  ['ForceRestart', ['off', 'on']],
  ['PowerCycle', ['off', 'on']],
]);

const run = promisify(execFile);

export async function startRedfish(options: RedfishOptions): Promise<RedfishService> {
  await mkdir(options.directory, { recursive: true });
  const service = new Redfish(options);
  const server = createServer(await selfSigned(options.directory), (request, response) => {
    void service.answer(request).then(({ status, body, headers }) => {
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      response.end(body === undefined ? undefined : JSON.stringify(body));
    });
  });
  server.listen(options.port, options.address);
  await once(server, 'listening');
  const bound = server.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : options.port;
  return {
    port,
    stop: async () => {
      service.stop();
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function selfSigned(directory: string): Promise<{ key: Buffer; cert: Buffer }> {
  const key = join(directory, 'bmc.key');
  const cert = join(directory, 'bmc.crt');
  const what = '-x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 7';
  const into = ['-subj', '/CN=lab-bmc', '-keyout', key, '-out', cert];
  await run('openssl', ['req', ...what.split(' '), ...into], { timeout: POWER_DEADLINE_MS });
  return { key: await readFile(key), cert: await readFile(cert) };
}

class Redfish {
  readonly #options: RedfishOptions;
  /** Tokens of open sessions, oldest first. */
  readonly #sessions = new Set<string>();
  readonly #stopped = new AbortController();

  constructor(options: RedfishOptions) {
    this.#options = options;
  }

  /** Ends the power switches that still run. */
  stop(): void {
    this.#stopped.abort();
  }

  async answer(request: IncomingMessage): Promise<Answer> {
    const path = (request.url ?? '/').replace(/\/$/, '');
    try {
      if (Number(request.headers['content-length'] ?? 0) > BODY_BYTES_MAX) {
        return failure(413, 'PayloadTooLarge');
      }
      const body = request.method === 'POST' ? await json(request) : undefined;
      if (request.method === 'GET' && path === ROOT) return serviceRoot();
      if (request.method === 'POST' && path === SESSIONS) return this.#openSession(body);
      if (!this.#authorised(request)) return failure(401, 'NoValidSession');
      if (request.method === 'DELETE' && path.startsWith(`${SESSIONS}/`)) {
        this.#sessions.delete(path.slice(SESSIONS.length + 1));
        return { status: 204 };
      }
      if (request.method === 'GET' && path === `${ROOT}/Systems`) return this.#listSystems();
      const [, name = '', reset] = SYSTEM.exec(path) ?? [];
      const host = this.#options.systems.get(decodeURIComponent(name));
      if (host === undefined) return failure(404, 'ResourceMissingAtURI');
      if (request.method === 'POST' && reset !== undefined) return await this.#reset(host, body);
      if (request.method === 'GET' && reset === undefined) return await this.#show(path, host);
      return failure(405, 'OperationNotAllowed');
    } catch (error) {
      return failure(500, error instanceof Error ? error.message : 'InternalError');
    }
  }

  #openSession(body: unknown): Answer {
    const { username, password } = this.#options;
    if (field(body, 'UserName') !== username || field(body, 'Password') !== password) {
      return failure(401, 'NoValidSession');
    }
    const token = randomUUID();
    this.#sessions.add(token);
    for (const oldest of this.#sessions) {
      if (this.#sessions.size <= SESSIONS_MAX) break;
      this.#sessions.delete(oldest);
    }
    const headers = { 'x-auth-token': token, location: `${SESSIONS}/${token}` };
    return { status: 201, body: { Id: token, UserName: username }, headers };
  }

  #authorised(request: IncomingMessage): boolean {
    const { username, password } = this.#options;
    const token = request.headers['x-auth-token'];
    if (typeof token === 'string' && this.#sessions.has(token)) return true;
    const basic = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
    const given = Buffer.from(request.headers.authorization ?? '');
    return given.length === basic.length && timingSafeEqual(given, Buffer.from(basic));
  }

  #listSystems(): Answer {
    const members = [...this.#options.systems.keys()].map((name) => ({
      '@odata.id': `${ROOT}/Systems/${encodeURIComponent(name)}`,
    }));
    return { status: 200, body: { Members: members, 'Members@odata.count': members.length } };
  }

  async #show(path: string, host: string): Promise<Answer> {
    const power = await this.#switchPower('status', host);
    const reset = {
      target: `${path}/Actions/ComputerSystem.Reset`,
      'ResetType@Redfish.AllowableValues': [...RESETS.keys()],
    };
    return {
      status: 200,
      body: {
        '@odata.id': path,
        Id: path.slice(path.lastIndexOf('/') + 1),
        PowerState: power === 'on' ? 'On' : 'Off',
        Actions: { '#ComputerSystem.Reset': reset },
      },
    };
  }

  async #reset(host: string, body: unknown): Promise<Answer> {
    const steps = RESETS.get(field(body, 'ResetType') ?? '');
    if (steps === undefined) return failure(400, 'ActionParameterNotSupported');
    for (const step of steps) await this.#switchPower(step, host);
    return { status: 204 };
  }

  async #switchPower(action: 'status' | 'off' | 'on', host: string): Promise<string> {
    const limits = { timeout: POWER_DEADLINE_MS, signal: this.#stopped.signal };
    const { stdout } = await run(LAB_POWER, [action, host], limits);
    return stdout.trim();
  }
}

function serviceRoot(): Answer {
  return {
    status: 200,
    body: {
      '@odata.id': ROOT,
      RedfishVersion: '1.6.0',
      Systems: { '@odata.id': `${ROOT}/Systems` },
      Links: { Sessions: { '@odata.id': SESSIONS } },
    },
  };
}

function failure(status: number, message: string): Answer {
  return { status, body: { error: { code: `Base.1.0.${status}`, message } } };
}

function field(body: unknown, name: string): string | undefined {
  if (typeof body !== 'object' || body === null) return undefined;
  const found: unknown = Object.entries(body).find(([key]) => key === name)?.[1];
  return typeof found === 'string' ? found : undefined;
}
