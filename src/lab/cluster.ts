// SPDX-License-Identifier: Apache-2.0
/**
 * A cluster in a lab: hosts that run the agent, a BMC for each that really switches it, and a manager
 * on a host of its own. They speak TLS, with certificates of an authority that is made for the occasion.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LabBmc } from './bmc/lab-bmc.ts';
import { runCommand } from './command.ts';
import type { LabHost } from './host.ts';
import { Lab } from './lab.ts';

export type LabClusterOptions = {
  /** Where all of it lies; taken away in the end. */
  readonly directory: string;
  /** How aureole is called. */
  readonly aureole: readonly string[];
  /** How the agent is called, where it is a program of its own. */
  readonly agent?: readonly string[];
  readonly hosts: readonly string[];
  /**
   * What the BMCs of a host switch, in levels: `h1` is a host, `h1/a` one of its power supplies. Absent:
   * one BMC for each host, its own. They are called `h1`, `h1-2` and so on, in this order.
   */
  readonly power?: (host: string) => readonly (readonly string[])[];
  readonly managerFlags?: readonly string[];
  /** Words in front of the manager's: a program that prepares something and becomes the manager. */
  readonly managerWithin?: readonly string[];
};

/** What the configuration says of a host. */
export type HostEntry = {
  /** NAME:PORT. */
  readonly hostname: string;
  readonly address: string;
  /** Levels of devices. */
  readonly fencing: readonly (readonly DeviceEntry[])[];
};

export type DeviceEntry = {
  /** Absent where it is the only one, or the first. */
  readonly name?: string;
  readonly agent: string;
  readonly parameters: Readonly<Record<string, string | number>>;
  readonly secrets?: Readonly<Record<string, string>>;
};

const PKI_TIMEOUT_MS = 60_000;
const CREDENTIALS = { username: 'admin', password: 'lab-password' };
/** Said, since the settings of this machine may say another one. */
const PORT = 8_000;
/** The manager's host. */
export const MANAGER = 'mgmt';
const MANAGER_ADDRESS = '10.77.255.1';

export class LabCluster implements AsyncDisposable {
  readonly lab: Lab;
  readonly manager: LabHost;
  readonly #hosts = new Map<string, LabHost>();
  readonly #bmcs = new Map<string, LabBmc>();
  readonly #aureole: readonly string[];
  readonly #power: NonNullable<LabClusterOptions['power']>;

  private constructor(lab: Lab, options: LabClusterOptions) {
    this.lab = lab;
    this.#aureole = options.aureole;
    this.#power = options.power ?? ((host) => [[host]]);
    options.hosts.forEach((name, i) => {
      const address = `10.77.0.${i + 1}`;
      const flags = ['--listen', `${address}:${PORT}`, ...this.#papers('host', name)];
      const agent = options.agent ?? [...options.aureole, 'agent'];
      const command = [...agent, ...flags, '--ocf-root', lab.ocfRoot];
      this.#hosts.set(name, lab.host({ name, address, command }));
    });
    const within = options.managerWithin ?? [];
    const command = [...within, ...this.managerCommand(options.managerFlags)];
    this.manager = lab.host({ name: MANAGER, address: MANAGER_ADDRESS, command });
  }

  static async open(options: LabClusterOptions): Promise<LabCluster> {
    const lab = await Lab.open(options.directory);
    try {
      const cluster = new LabCluster(lab, options);
      await cluster.#makeCertificates(options.hosts);
      return cluster;
    } catch (error) {
      await lab[Symbol.asyncDispose]();
      throw error;
    }
  }

  get hosts(): readonly LabHost[] {
    return [...this.#hosts.values()];
  }

  host(name: string): LabHost {
    return find(this.#hosts, name);
  }

  get bmcs(): readonly LabBmc[] {
    return [...this.#bmcs.values()];
  }

  bmc(name: string): LabBmc {
    return find(this.#bmcs, name);
  }

  get socket(): string {
    return join(this.lab.directory, 'manager.sock');
  }

  get journal(): string {
    return join(this.lab.directory, 'journal.db');
  }

  get configuration(): string {
    return join(this.lab.directory, 'aureole.yaml');
  }

  /** How the manager is called, wherever it is to run. */
  managerCommand(flags: readonly string[] = []): readonly string[] {
    const places = ['--config', this.configuration, '--socket', this.socket];
    const papers = this.#papers('manager', MANAGER);
    return [...this.#aureole, 'manager', ...places, '--journal', this.journal, ...papers, ...flags];
  }

  /** All hosts with their BMCs, side by side; the manager is started by its owner. */
  async startHosts(): Promise<readonly HostEntry[]> {
    return await Promise.all(this.hosts.map((host) => this.#startHost(host)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.lab[Symbol.asyncDispose]();
  }

  get #authority(): string {
    return join(this.lab.directory, 'ca');
  }

  async #makeCertificates(hosts: readonly string[]): Promise<void> {
    const [program = '', ...words] = this.#aureole;
    const pki = async (verb: string, ...args: string[]): Promise<void> => {
      const all = [...words, 'pki', verb, '--directory', this.#authority, ...args];
      await runCommand(program, all, { timeoutMs: PKI_TIMEOUT_MS });
    };
    await pki('init');
    await pki('issue', hosts.join(','), '--manager', MANAGER);
  }

  /** Flags of a daemon. */
  #papers(role: 'host' | 'manager', name: string): readonly string[] {
    const at = (file: string): string => join(this.#authority, `${role}s`, name, file);
    const pair = ['--cert', at(`${role}.crt`), '--key', at(`${role}.key`)];
    return [...pair, '--ca', at('ca.crt'), '--crl', at('crl.pem')];
  }

  async #startHost(host: LabHost): Promise<HostEntry> {
    let count = 0;
    const fencing = this.#power(host.name).map((level) =>
      level.map(async (outlet) => {
        count += 1;
        if (count === 1) return await this.#makeBmc(host.name, outlet);
        const name = `${host.name}-${count}`;
        return { name, ...(await this.#makeBmc(name, outlet)) };
      }),
    );
    const levels = Promise.all(fencing.map((level) => Promise.all(level)));
    const [made] = await Promise.all([levels, host.powerOn()]);
    return { hostname: `${host.name}:${PORT}`, address: host.address, fencing: made };
  }

  async #makeBmc(name: string, outlet: string): Promise<DeviceEntry> {
    const [host = '', supply] = outlet.split('/');
    const whole = this.host(host).directory;
    const directory = supply === undefined ? whole : join(whole, 'supplies', supply);
    mkdirSync(directory, { recursive: true });
    const bmc = await this.lab.bmc({ name, directory }, CREDENTIALS);
    this.#bmcs.set(name, bmc);
    const password = join(this.lab.directory, 'bmc.password');
    writeFileSync(password, `${CREDENTIALS.password}\n`, { mode: 0o600 });
    const { address: ip, port: ipport, username } = bmc;
    // Suite 3 is the newest that ipmi_sim speaks.
    const parameters = { ip, ipport, username, lanplus: 1, cipher: 3, power_wait: 0 };
    return { agent: 'fence_ipmilan', parameters, secrets: { password } };
  }
}

function find<T>(all: ReadonlyMap<string, T>, name: string): T {
  const found = all.get(name);
  if (found !== undefined) return found;
  throw new Error(`${name} is none of ${[...all.keys()].join(', ')}`);
}
