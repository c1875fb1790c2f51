// SPDX-License-Identifier: Apache-2.0
/** A cluster under trial with somebody who looks at the world all the time, and can ask the manager. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { haClient, type HaApi } from '../ha/client.ts';
import type {
  EventView,
  GroupView,
  HostView,
  OrderAnswer,
  OrderRequest,
  Status,
} from '../ha/contract.ts';
import { TrialCluster, type TrialOptions } from './trial-cluster.ts';

const UNTIL_MS = 30_000;
const ANSWER_MS = 5_000;
const LOOK_EVERY_MS = 25;
const ASK_EVERY_MS = 100;
const LOG_LINES = 20;

export class WatchedTrial implements AsyncDisposable {
  readonly trial: TrialCluster;
  readonly api: HaApi;
  readonly #stop = new AbortController();
  readonly #looking: Promise<void>;

  private constructor(trial: TrialCluster) {
    this.trial = trial;
    this.api = haClient(trial.cluster.socket);
    this.#looking = this.#look();
  }

  /** With the manager on a host of its own, and all groups running. */
  static async open(options: TrialOptions): Promise<WatchedTrial> {
    const watched = await WatchedTrial.openWithoutManager(options);
    try {
      await watched.trial.manager.powerOn();
      await watched.untilAllRun();
      return watched;
    } catch (error) {
      await watched[Symbol.asyncDispose]();
      throw error;
    }
  }

  static async openWithoutManager(options: TrialOptions): Promise<WatchedTrial> {
    return new WatchedTrial(await TrialCluster.open(options));
  }

  async status(): Promise<Status | undefined> {
    return await this.api.status(AbortSignal.timeout(ANSWER_MS)).catch(() => undefined);
  }

  async events(): Promise<readonly EventView[]> {
    return await this.api.events({ limit: 1_000 }, AbortSignal.timeout(ANSWER_MS));
  }

  async order(
    verb: OrderRequest['verb'],
    target: string,
    more: Partial<Pick<OrderRequest, 'force' | 'dryRun'>> = {},
  ): Promise<OrderAnswer> {
    const order = { verb, target, force: false, dryRun: false, reason: '', operator: 'trial' };
    return await this.api.order({ ...order, ...more }, AbortSignal.timeout(ANSWER_MS));
  }

  /** The status as soon as it is as wanted; what is there instead, if it never is. */
  async until(
    what: string,
    holds: (status: Status) => boolean,
    withinMs: number = UNTIL_MS,
  ): Promise<Status> {
    const deadline = performance.now() + withinMs;
    let last: Status | undefined;
    while (performance.now() < deadline) {
      last = (await this.status()) ?? last;
      if (last !== undefined && holds(last)) return last;
      await sleep(ASK_EVERY_MS);
    }
    throw new Error(`not within ${withinMs} ms: ${what}\n${await this.#told(last)}`);
  }

  /** Until nobody answers at its socket any more. */
  async killManager(): Promise<void> {
    this.trial.manager.killProgram();
    const deadline = performance.now() + UNTIL_MS;
    while ((await this.status()) !== undefined) {
      if (performance.now() > deadline) throw new Error('a manager that was killed still answers');
      await sleep(ASK_EVERY_MS);
    }
  }

  /** The id of what was told last. */
  async lastTold(): Promise<number> {
    return (await this.events()).at(-1)?.id ?? 0;
  }

  /** The first such event after that one; `about`: a host, a group or a resource, if any. */
  async untilTold(
    name: string,
    about: string | undefined,
    after: number,
    withinMs: number = UNTIL_MS,
  ): Promise<EventView> {
    const deadline = performance.now() + withinMs;
    while (performance.now() < deadline) {
      const events = await this.events().catch(() => []);
      const told = events.find(
        (event) =>
          event.id > after &&
          event.name === name &&
          [event.host, event.group, event.resource].includes(about),
      );
      if (told !== undefined) return told;
      await sleep(ASK_EVERY_MS);
    }
    const status = await this.status();
    throw new Error(
      `not within ${withinMs} ms: ${name} about ${about}\n${await this.#told(status)}`,
    );
  }

  /** All groups run, and the power of every host is known to be told truly. */
  async untilAllRun(withinMs: number = UNTIL_MS): Promise<Status> {
    return await this.until(
      'all groups run, all devices are proven',
      ({ groups, hosts }) =>
        hosts.every((host) => host.devices.every(({ trust }) => trust === 'proven')) &&
        groups.every(({ status }) => status === 'running'),
      withinMs,
    );
  }

  async untilRuns(group: string, host: string, withinMs: number = UNTIL_MS): Promise<Status> {
    const runs = ({ groups }: Status): boolean =>
      groups.some((g) => g.name === group && g.status === 'running' && g.host === host);
    return await this.until(`${group} runs on ${host}`, runs, withinMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#looking;
    await this.trial[Symbol.asyncDispose]();
  }

  async #told(status: Status | undefined): Promise<string> {
    const events = (await this.events().catch(() => [])).slice(-20);
    const path = join(this.trial.manager.directory, 'program.log');
    const log = existsSync(path) ? readFileSync(path, 'utf8') : '';
    return [
      ...(status?.hosts ?? []).map(
        ({ name, status: is, reason, notFenced }) => `${name} ${is}: ${reason}; ${notFenced ?? ''}`,
      ),
      ...(status?.groups ?? []).map(({ name, status: is, reason }) => `${name} ${is}: ${reason}`),
      ...events.map((event) => `${event.time} ${event.name} ${event.host} ${event.text}`),
      ...this.trial.complaints,
      ...log.split('\n').slice(-LOG_LINES),
    ].join('\n');
  }

  async #look(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      this.trial.look();
      await sleep(LOOK_EVERY_MS, undefined, { signal: this.#stop.signal }).catch(() => undefined);
    }
  }
}

export function groupOf(status: Status, name: string): GroupView {
  const group = status.groups.find((one) => one.name === name);
  if (group === undefined) throw new Error(`${name} is no group of the status`);
  return group;
}

export function hostOf(status: Status, name: string): HostView {
  const host = status.hosts.find((one) => one.name === name);
  if (host === undefined) throw new Error(`${name} is no host of the status`);
  return host;
}
