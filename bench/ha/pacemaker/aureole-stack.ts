// SPDX-License-Identifier: Apache-2.0
/** Aureole as installed, on the same kind of lab hosts; its manager has a host of its own. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { haClient, type HaApi } from '../../../src/ha/client.ts';
import type { HostView, OrderRequest } from '../../../src/ha/contract.ts';
import { LabCluster, type HostEntry } from '../../../src/lab/cluster.ts';
import { runCommand } from '../../../src/lab/command.ts';
import type { LabHost } from '../../../src/lab/host.ts';
import type { Installation } from '../installation.ts';
import { ActLog } from './act-log.ts';
import {
  FENCE_CHECK_SECONDS,
  installDummy,
  MONITOR_SECONDS,
  parametersOf,
  RESOURCES,
  SURVIVOR,
  VICTIM,
  waitUntil,
  type Stack,
} from './stack.ts';

const ANSWER_MS = 10_000;

export class AureoleStack implements Stack {
  readonly name = 'aureole';
  readonly daemons = /^node$/;
  readonly acts: ActLog;
  readonly #cluster: LabCluster;
  readonly #aureole: readonly string[];
  readonly #api: HaApi;

  private constructor(cluster: LabCluster, aureole: readonly string[]) {
    this.#cluster = cluster;
    this.#aureole = aureole;
    this.#api = haClient(cluster.socket);
    this.acts = new ActLog(join(cluster.lab.directory, 'acts.log'), RESOURCES);
    installDummy(cluster.lab);
  }

  static async open(directory: string, installed: Installation): Promise<AureoleStack> {
    const aureole = installed.commandOf('aureole');
    const agent = installed.commandOf('aureole-agent');
    const hosts = [SURVIVOR, VICTIM];
    const cluster = await LabCluster.open({ directory, aureole, agent, hosts });
    try {
      const stack = new AureoleStack(cluster, aureole);
      const entries = await cluster.startHosts();
      writeFileSync(cluster.configuration, configuration(entries, stack.acts));
      await cluster.manager.powerOn();
      return stack;
    } catch (error) {
      await cluster[Symbol.asyncDispose]();
      throw error;
    }
  }

  get victim(): LabHost {
    return this.#cluster.host(VICTIM);
  }

  get survivor(): LabHost {
    return this.#cluster.host(SURVIVOR);
  }

  get manager(): LabHost {
    return this.#cluster.manager;
  }

  async whyNotWhole(): Promise<string | undefined> {
    const status = await this.#api.status(AbortSignal.timeout(ANSWER_MS)).catch(() => undefined);
    if (status === undefined) return 'the manager does not answer';
    const host = status.hosts.find(
      ({ status: contact, active, armed, devices }) =>
        contact !== 'online' ||
        !active ||
        !armed ||
        devices.some(({ trust }) => trust !== 'proven'),
    );
    const group = status.groups.find((one) => one.status !== 'running' || one.host !== VICTIM);
    if (host !== undefined) return `${host.name} is ${host.status}: ${host.reason}`;
    if (group !== undefined) return `${group.name} is ${group.status}: ${group.reason}`;
    return status.alarms.map(({ text }) => text)[0];
  }

  async bringHome(): Promise<void> {
    await waitUntil(`${VICTIM} answers`, async () => {
      const status = (await this.#victim())?.status;
      return status === 'online' ? undefined : `it is ${status}`;
    });
    if ((await this.#victim())?.armed === false) await this.#order('reset', VICTIM);
    await this.#order('activate', VICTIM);
    await waitUntil('all groups are at home', async () => {
      const { groups } = await this.#api.status(AbortSignal.timeout(ANSWER_MS));
      const away = groups.filter(({ host }) => host !== VICTIM);
      if (away.length === 0) return undefined;
      // On a busy machine a host that has just booted may be silent for a moment, and the order is given up.
      if (away.some(({ movingTo }) => movingTo !== undefined)) return 'they move';
      return await this.#order('failback', VICTIM);
    });
  }

  async orderAway(): Promise<void> {
    const [program = '', ...words] = this.#aureole;
    await runCommand(program, [...words, 'deactivate', VICTIM, '--socket', this.#cluster.socket]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#cluster[Symbol.asyncDispose]();
  }

  async #victim(): Promise<HostView | undefined> {
    const { hosts } = await this.#api.status(AbortSignal.timeout(ANSWER_MS));
    return hosts.find(({ name }) => name === VICTIM);
  }

  /** What was answered. */
  async #order(verb: OrderRequest['verb'], target: string): Promise<string> {
    const order = { verb, target, force: false, dryRun: false, reason: 'bench', operator: 'bench' };
    return (await this.#api.order(order, AbortSignal.timeout(ANSWER_MS))).text;
  }
}

function configuration(hosts: readonly HostEntry[], acts: ActLog): string {
  return stringify({
    hosts,
    resources: RESOURCES.map((name) => ({
      name,
      kind: 'bench/Dummy',
      parameters: parametersOf(name, acts),
    })),
    resource_groups: RESOURCES.map((root) => ({
      root,
      home_host: VICTIM,
      failover_hosts: [SURVIVOR],
    })),
    ha: {
      mode: 'manage',
      heartbeat_timeout: '1s',
      monitor_interval: `${MONITOR_SECONDS}s`,
      fencing: { check: `${FENCE_CHECK_SECONDS}s`, max_per_hour: 1_000 },
    },
  });
}
