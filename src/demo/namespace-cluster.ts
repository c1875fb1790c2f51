// SPDX-License-Identifier: Apache-2.0
/**
 * The demo as root: hosts with namespaces of their own, shared disks with ext4, addresses, and a BMC
 * for each host that really switches it. The manager has a host of its own. They speak TLS, with
 * certificates of an authority that is made for the occasion.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AppendLog } from '../lab/append-log.ts';
import { CanaryJudge, hostsThatMount, parseCanaryLog } from '../lab/canary.ts';
import { runCommand } from '../lab/command.ts';
import type { LabHost } from '../lab/host.ts';
import { Lab } from '../lab/lab.ts';
import {
  actOn,
  type Act,
  type ClusterOptions,
  type DemoCluster,
  type WorldNews,
} from './cluster.ts';
import {
  demoConfiguration,
  GROUPS,
  HOSTS,
  type HostEntry,
  type ResourceEntry,
} from './configuration.ts';
import { ManagerLog } from './manager-log.ts';
import { PowerLogs } from './power-logs.ts';

const PKI_TIMEOUT_MS = 30_000;
const CREDENTIALS = { username: 'admin', password: 'lab-password' };
/** Said, since the settings of this machine may say another one. */
const PORT = 8_000;
const MANAGER = 'mgmt';
const MANAGER_ADDRESS = '10.77.255.1';

export class NamespaceCluster implements DemoCluster {
  readonly hosts = HOSTS;
  readonly introduction = `Four hosts, each with network, mount, pid and uts namespaces of its own. The disks are ext4 on
loop devices and the addresses are real; each host has a BMC that speaks IPMI and switches it.`;
  readonly lab: Lab;
  readonly #hosts = new Map<string, LabHost>();
  readonly #devices = new Map<string, string>();
  readonly #manager: LabHost;
  readonly #canaries: AppendLog;
  readonly #judge = new CanaryJudge();
  readonly #power: PowerLogs;
  readonly #managerLog: ManagerLog;

  private constructor(lab: Lab, { aureole }: ClusterOptions) {
    this.lab = lab;
    HOSTS.forEach((name, i) => {
      const address = `10.77.0.${i + 1}`;
      const agent = ['agent', '--listen', `${address}:${PORT}`, ...this.#papers('host', name)];
      const command = [...aureole, ...agent, '--ocf-root', lab.ocfRoot];
      this.#hosts.set(name, lab.host({ name, address, command }));
    });
    const file = (name: string): string => join(lab.directory, name);
    const places = ['--config', file('aureole.yaml'), '--socket', file('manager.sock')];
    const journal = ['--journal', file('journal.db')];
    const papers = this.#papers('manager', MANAGER);
    const command = [...aureole, 'manager', ...places, ...journal, ...papers];
    this.#manager = lab.host({ name: MANAGER, address: MANAGER_ADDRESS, command });
    this.#managerLog = new ManagerLog(join(this.#manager.directory, 'program.log'));
    this.#canaries = new AppendLog(file('canary.log'));
    this.#power = new PowerLogs([...this.#hosts.values()]);
  }

  static async open(options: ClusterOptions): Promise<NamespaceCluster> {
    const lab = await Lab.open(options.directory);
    try {
      const cluster = new NamespaceCluster(lab, options);
      await cluster.#makeCertificates(options.aureole);
      await cluster.#start();
      return cluster;
    } catch (error) {
      await lab[Symbol.asyncDispose]();
      throw error;
    }
  }

  host(name: string): LabHost {
    const host = this.#hosts.get(name);
    if (host === undefined) throw new Error(`${name} is none of ${HOSTS.join(', ')}`);
    return host;
  }

  async act(act: Act, host: string): Promise<void> {
    await actOn(this.host(host), act);
  }

  killManager(): void {
    this.#manager.killProgram();
  }

  async startManager(): Promise<void> {
    await this.#manager.startProgram();
  }

  look(): readonly WorldNews[] {
    const lines = parseCanaryLog(this.#canaries.read());
    const twice = [...this.#devices].flatMap(([disk, device]): WorldNews[] => {
      const holders = hostsThatMount(device, [...this.#hosts.values()]);
      const text = `${disk}: mounted on ${holders.join(' and ')}`;
      return holders.length > 1 ? [{ type: 'twice', text }] : [];
    });
    const disks = lines.flatMap((line) => this.#judge.see(line) ?? []);
    return [...this.#managerLog.read(), ...this.#power.read(), ...disks, ...twice];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.lab[Symbol.asyncDispose]();
  }

  get #authority(): string {
    return join(this.lab.directory, 'ca');
  }

  async #makeCertificates([program = '', ...words]: readonly string[]): Promise<void> {
    const pki = async (verb: string, ...args: string[]): Promise<void> => {
      const all = [...words, 'pki', verb, '--directory', this.#authority, ...args];
      await runCommand(program, all, { timeoutMs: PKI_TIMEOUT_MS });
    };
    await pki('init');
    await pki('issue', HOSTS.join(','), '--manager', MANAGER);
  }

  /** Flags of a daemon. */
  #papers(role: 'host' | 'manager', name: string): string[] {
    const at = (file: string): string => join(this.#authority, `${role}s`, name, file);
    const pair = ['--cert', at(`${role}.crt`), '--key', at(`${role}.key`)];
    return [...pair, '--ca', at('ca.crt'), '--crl', at('crl.pem')];
  }

  async #start(): Promise<void> {
    const disks = GROUPS.map(async ({ name }) => {
      this.#devices.set(name, await this.lab.disk(name));
    });
    const entries = HOSTS.map((name) => this.#startHost(name));
    await Promise.all(disks);
    const hosts = await Promise.all(entries);
    const configuration = demoConfiguration({
      hosts,
      resourcesOf: (group) => this.#resourcesOf(group),
    });
    writeFileSync(join(this.lab.directory, 'aureole.yaml'), configuration);
    await this.#manager.powerOn();
  }

  async #startHost(name: string): Promise<HostEntry> {
    const host = this.host(name);
    const [bmc] = await Promise.all([this.lab.bmc(host, CREDENTIALS), host.powerOn()]);
    const password = join(this.lab.directory, 'bmc.password');
    writeFileSync(password, `${CREDENTIALS.password}\n`, { mode: 0o600 });
    const { address: ip, port: ipport, username } = bmc;
    // Suite 3 is the newest that ipmi_sim speaks.
    const parameters = { ip, ipport, username, lanplus: 1, cipher: 3, power_wait: 0 };
    const device = { agent: 'fence_ipmilan', parameters, secrets: { password } };
    return { hostname: `${name}:${PORT}`, address: host.address, device };
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
