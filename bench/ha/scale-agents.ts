// SPDX-License-Identifier: Apache-2.0
/**
 * Many agents in one process, for the benches of the manager: the agent's own listener, TLS, routes and
 * long polls, an address of its own for each, but instead of scripts resources whose monitors are only
 * said to have run. What the manager reads and answers is what real agents would send it: the same
 * bytes, as often.
 *
 * node scale-agents.ts '{"agents":[{"host","address"}],"port","files"}'; says `ready` when all listen,
 * and ends with its standard input.
 */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { createApi, type AgentApi } from '../../src/agent/http-api.ts';
import { Changes } from '../../src/agent/changes.ts';
import type { Operate, WatchedResource, WatchedState } from '../../src/agent/contract.ts';
import { listen } from '../../src/agent/http-server.ts';
import type { Listening } from '../../src/agent/tcp-server.ts';
import { mapAtOnce } from '../../src/runtime/map-at-once.ts';
import { LiveIdentity } from '../../src/runtime/tls-live.ts';
import { Crowd, type CrowdMember } from './scale-crowd.ts';

const MONITOR_MS = 20;
const AT_ONCE = 8;
const SILENT = { error() {}, warn() {}, info() {}, debug() {} };

type Resource = WatchedResource & { readonly firstAt: number; isRunning: boolean };

/** What a host would know of its resources; each is monitored on a grid of its own. */
class PretendedResources {
  #resources = new Map<string, Resource>();

  replace(watched: readonly WatchedResource[]): void {
    const now = performance.now();
    const before = this.#resources;
    this.#resources = new Map(
      watched.map((resource, index) => {
        const firstAt = now + (resource.intervalMs * index) / watched.length;
        const isRunning = before.get(resource.name)?.isRunning ?? false;
        return [resource.name, { firstAt, ...resource, isRunning }];
      }),
    );
  }

  perform({ operation, resource: { name } }: Operate): number {
    const resource = this.#resources.get(name);
    if (resource === undefined) return operation === 'monitor' ? 7 : 1;
    if (operation !== 'monitor') resource.isRunning = operation === 'start';
    return resource.isRunning ? 0 : 7;
  }

  states(): WatchedState[] {
    const now = performance.now();
    return [...this.#resources.values()].map(({ name, intervalMs, firstAt, isRunning }) => {
      const begunMsAgo = Math.round((now - firstAt + intervalMs) % intervalMs) + MONITOR_MS;
      const exit = isRunning ? 0 : 7;
      return { resource: name, alive: [], exit, begunMsAgo, endedMsAgo: begunMsAgo - MONITOR_MS };
    });
  }
}

function pretendedAgent(host: string): AgentApi {
  const changes = new Changes();
  const resources = new PretendedResources();
  const boot = randomUUID();
  const incarnation = randomUUID();
  return {
    identity: () => ({ host, boot, kernelBoot: boot, incarnation, version: '0', kinds: [] }),
    watch: (watch) => {
      resources.replace(watch.resources);
      changes.raise();
    },
    poll: async ({ cursor, waitMs }) => {
      await changes.waitBeyond(cursor, waitMs);
      return { host, boot, incarnation, cursor: changes.cursor, resources: resources.states() };
    },
    operate: (order) => {
      const code = resources.perform(order);
      changes.raise();
      const { request } = order;
      const outcome = { type: 'exited', code, text: '' } as const;
      return Promise.resolve({ request, boot, incarnation, timeoutMs: 20_000, outcome });
    },
    reach: () => Promise.resolve({ outcome: 'silent' }),
    outputs: () => ({ outputs: [] }),
  };
}

async function serve({ files, port }: Crowd, { host, address }: CrowdMember): Promise<Listening> {
  const { directory, key, ca, crl } = files;
  const own = { cert: join(directory, `${host}.crt`), key, ca, crl };
  const identity = await LiveIdentity.open(own, { role: 'agent', host }, SILENT);
  const gate = { identity, managers: undefined, log: SILENT };
  const where = { address, port, flag: '--listen', gate };
  return await listen(createApi(pretendedAgent(host), SILENT), where);
}

const crowd = Crowd.parse(JSON.parse(process.argv[2] ?? ''));
process.setMaxListeners(0);
const listening = await mapAtOnce(crowd.agents, AT_ONCE, (member) => serve(crowd, member));
process.stdout.write('ready\n');
process.stdin.resume();
await once(process.stdin, 'end');
await Promise.all(listening.map((one) => one.close()));
