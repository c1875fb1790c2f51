// SPDX-License-Identifier: Apache-2.0
/**
 * The demo as root: hosts with namespaces of their own, shared disks with ext4, addresses, and a BMC
 * for each host that really switches it. The manager has a host of its own.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AppendLog } from '../lab/append-log.ts';
import { CanaryJudge, hostsThatMount, parseCanaryLog } from '../lab/canary.ts';
import { LabCluster } from '../lab/cluster.ts';
import type { LabHost } from '../lab/host.ts';
import type { Lab } from '../lab/lab.ts';
import {
  actOn,
  type Act,
  type ClusterOptions,
  type DemoCluster,
  type WorldNews,
} from './cluster.ts';
import { demoConfiguration, GROUPS, HOSTS, type ResourceEntry } from './configuration.ts';
import { ManagerLog } from './manager-log.ts';
import { PowerLogs } from './power-logs.ts';

export class NamespaceCluster implements DemoCluster {
  readonly hosts = HOSTS;
  readonly introduction = `Four hosts, each with network, mount, pid and uts namespaces of its own. The disks are ext4 on
loop devices and the addresses are real; each host has a BMC that speaks IPMI and switches it.`;
  readonly #cluster: LabCluster;
  readonly #devices = new Map<string, string>();
  readonly #canaries: AppendLog;
  readonly #judge = new CanaryJudge();
  readonly #power: PowerLogs;
  readonly #managerLog: ManagerLog;

  private constructor(cluster: LabCluster) {
    this.#cluster = cluster;
    this.#managerLog = new ManagerLog(join(cluster.manager.directory, 'program.log'));
    this.#canaries = new AppendLog(join(cluster.lab.directory, 'canary.log'));
    this.#power = new PowerLogs(cluster.hosts);
  }

  static async open({ directory, aureole }: ClusterOptions): Promise<NamespaceCluster> {
    const inner = await LabCluster.open({ directory, aureole, hosts: HOSTS });
    try {
      const cluster = new NamespaceCluster(inner);
      await cluster.#start();
      return cluster;
    } catch (error) {
      await inner[Symbol.asyncDispose]();
      throw error;
    }
  }

  get lab(): Lab {
    return this.#cluster.lab;
  }

  host(name: string): LabHost {
    return this.#cluster.host(name);
  }

  async act(act: Act, host: string): Promise<void> {
    await actOn(this.host(host), act);
  }

  killManager(): void {
    this.#cluster.manager.killProgram();
  }

  async startManager(): Promise<void> {
    await this.#cluster.manager.startProgram();
  }

  look(): readonly WorldNews[] {
    const lines = parseCanaryLog(this.#canaries.read());
    const twice = [...this.#devices].flatMap(([disk, device]): WorldNews[] => {
      const holders = hostsThatMount(device, this.#cluster.hosts);
      const text = `${disk}: mounted on ${holders.join(' and ')}`;
      return holders.length > 1 ? [{ type: 'twice', text }] : [];
    });
    const disks = lines.flatMap((line) => this.#judge.see(line) ?? []);
    return [...this.#managerLog.read(), ...this.#power.read(), ...disks, ...twice];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#cluster[Symbol.asyncDispose]();
  }

  async #start(): Promise<void> {
    const disks = GROUPS.map(async ({ name }) => {
      this.#devices.set(name, await this.lab.disk(name));
    });
    const entries = this.#cluster.startHosts();
    await Promise.all(disks);
    const configuration = demoConfiguration({
      hosts: await entries,
      resourcesOf: (group) => this.#resourcesOf(group),
    });
    writeFileSync(this.#cluster.configuration, configuration);
    await this.#cluster.manager.powerOn();
  }

  #resourcesOf(group: string): ResourceEntry[] {
    const number = GROUPS.findIndex(({ name }) => name === group) + 1;
    const directory = `/run/disks/${group}`;
    const disk = { device: this.#devices.get(group) ?? '', directory, fstype: 'ext4' };
    const address = { ip: `10.77.1.${number}`, nic: 'eth0', cidr_netmask: 16, arp_count: 1 };
    const log = join(this.lab.directory, 'canary.log');
    return [
      { name: group, kind: 'heartbeat/Filesystem', parameters: disk },
      { name: `${group}-address`, kind: 'heartbeat/IPaddr2', parameters: address },
      { name: `${group}-canary`, kind: 'aureole/Canary', parameters: { directory, log } },
    ];
  }
}
