// SPDX-License-Identifier: Apache-2.0
/** The configured hosts as the shell holds them: one client and one poller each. */
import type { Epoch, WatchedResource } from '../../agent/contract.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import { mapAtOnce } from '../../runtime/map-at-once.ts';
import type { Mailbox } from '../../runtime/mailbox.ts';
import { daysLeft, expiryWarning } from '../../runtime/tls-expiry.ts';
import type { LiveIdentity } from '../../runtime/tls-live.ts';
import type { HaConfig } from '../config.ts';
import type { Alarm, HostView } from '../contract.ts';
import type { HaEvent } from '../core/messages.ts';
import { listOf, type HostName, type ResourceName } from '../core/spec.ts';
import type { ClusterState } from '../core/state.ts';
import { AgentClient } from './agent-client.ts';
import { Handshakes } from './handshakes.ts';
import { Poller } from './poller.ts';

export type HostsPorts = {
  readonly config: HaConfig;
  readonly epoch: Epoch;
  readonly clock: Clock;
  readonly inbox: Mailbox<HaEvent>;
  readonly log: Log;
  /** With it: TLS only. */
  readonly identity?: LiveIdentity | undefined;
};

/** For all of them: whoever is dead must not keep us from the others for long. */
const MEETING_MS = 10_000;
const MEETING_ONE_MS = 500;
const MEETINGS_AT_ONCE = 16;

export class Hosts implements Disposable {
  readonly clients: ReadonlyMap<HostName, AgentClient>;
  readonly #ports: HostsPorts;
  readonly #pollers = new Map<HostName, Poller>();

  constructor(ports: HostsPorts) {
    this.#ports = ports;
    const { config, identity } = ports;
    const tls = identity && { identity, handshakes: new Handshakes() };
    this.clients = new Map(
      [...config.hosts].map(([host, address]) => [host, new AgentClient(host, address, tls)]),
    );
  }

  /**
   * Opens the connections to all agents before anybody's silence counts. A thousand TLS handshakes
   * take seconds of our own time: done all at once, none of them would be over within a beat.
   */
  async meet(signal: AbortSignal): Promise<void> {
    const enough = AbortSignal.any([signal, AbortSignal.timeout(MEETING_MS)]);
    const deadlineMs = Math.min(MEETING_ONE_MS, this.#ports.config.spec.heartbeatTimeoutMs / 2);
    await mapAtOnce([...this.clients.values()], MEETINGS_AT_ONCE, async (client) => {
      if (!enough.aborted) await client.identity(deadlineMs, signal);
    });
  }

  /** The state tells on which hosts besides its own a group was ever started. */
  startPolling(state: ClusterState, signal: AbortSignal): void {
    const { config, epoch } = this.#ports;
    const { heartbeatTimeoutMs, mode } = config.spec;
    const holds = mode === 'manage';
    const watchedOn = watchLists(config, state);
    const now = this.#ports.clock.now();
    for (const [host, client] of this.clients) {
      const watched = watchedOn.get(host) ?? [];
      const settings = { host, epoch, holds, watched, heartbeatTimeoutMs };
      const poller = new Poller(settings, { ...this.#ports, client });
      // Spread over the time that a poll is held, or their answers would always come together.
      const beginAt = now + (heartbeatTimeoutMs / 4) * (this.#pollers.size / this.clients.size);
      this.#pollers.set(host, poller);
      // One of its own: a thousand that come and go at one signal would each be looked for among all.
      void poller.run(beginAt, AbortSignal.any([signal]));
    }
  }

  hurry(host: HostName): void {
    this.#pollers.get(host)?.hurry();
  }

  /** Of its agent, if it has shown one. */
  certificateOf(host: HostName): HostView['certificate'] {
    const expiresAt = this.clients.get(host)?.expiresAt;
    if (expiresAt === undefined) return undefined;
    const expires = new Date(expiresAt).toISOString();
    return { expires, daysLeft: daysLeft(expiresAt, Date.now()) };
  }

  alarms(): readonly Alarm[] {
    const { identity } = this.#ports;
    const now = Date.now();
    const own = identity && expiryWarning(identity.current.name, identity.current.expiresAt, now);
    const ofHosts = [...this.#pollers].flatMap(([host, { problem }]) => {
      const expiresAt = this.clients.get(host)?.expiresAt;
      const expiry = expiresAt === undefined ? undefined : expiryWarning(host, expiresAt, now);
      return [problem, expiry].flatMap((text) => (text === undefined ? [] : [{ host, text }]));
    });
    return own === undefined ? ofHosts : [{ text: own }, ...ofHosts];
  }

  [Symbol.dispose](): void {
    for (const client of this.clients.values()) client[Symbol.dispose]();
  }
}

function watchLists(
  config: HaConfig,
  state: ClusterState,
): ReadonlyMap<HostName, readonly WatchedResource[]> {
  const lists = new Map<HostName, WatchedResource[]>();
  for (const group of config.spec.groups.values()) {
    const ran = state.groups.get(group.name)?.ran ?? [];
    const watched = group.resources.flatMap(({ name }) => watchedResource(name, config));
    for (const host of new Set([...listOf(group), ...ran])) {
      const list = lists.get(host);
      if (list === undefined) lists.set(host, [...watched]);
      else list.push(...watched);
    }
  }
  return lists;
}

function watchedResource(name: ResourceName, { resources }: HaConfig): WatchedResource[] {
  const settings = resources.get(name);
  if (settings === undefined) return [];
  const { kind, parameters, monitorIntervalMs: intervalMs, timeouts } = settings;
  const timeoutMs = timeouts.monitor;
  return [{ name, kind, parameters, intervalMs, ...(timeoutMs !== undefined && { timeoutMs }) }];
}
