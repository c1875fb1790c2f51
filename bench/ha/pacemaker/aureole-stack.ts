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
    const { alarms, hosts, groups } = await this.#api.status(AbortSignal.timeout(ANSWER_MS));
    const host = hosts.find(
      ({ status, active, armed, devices }) =>
        status !== 'online' || !active || !armed || devices.some(({ trust }) => trust !== 'proven'),
    );
    const group = groups.find(({ status }) => status !== 'running');
    const alarm = alarms.map(({ text }) => text)[0];
    return alarm ?? (host && `${host.name}: ${JSON.stringify(host)}`) ?? group?.reason;
  }

  async bringHome(): Promise<void> {
    await waitUntil(`${VICTIM} answers`, async () => {
      const status = (await this.#victim())?.status;
      return status === 'online' ? undefined : `it is ${status}`;
    });
    if ((await this.#victim())?.armed === false) await this.#order('reset', VICTIM);
    await this.#order('activate', VICTIM);
    await this.#order('failback', VICTIM);
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

  async #order(verb: OrderRequest['verb'], target: string): Promise<void> {
    const words = { force: false, dryRun: false, reason: 'bench', operator: 'bench' };
    const order = { verb, target, ...words };
    const { outcome, text } = await this.#api.order(order, AbortSignal.timeout(ANSWER_MS));
    if (outcome !== 'done' && outcome !== 'accepted') throw new Error(`${verb} ${target}: ${text}`);
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
