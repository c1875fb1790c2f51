// SPDX-License-Identifier: Apache-2.0
/**
 * The demo without root: an agent for each host and the manager, all on the loopback, resources that
 * do nothing, and a fence program that ends the processes of a host.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { AureoleError } from '../kernel/error.ts';
import { startDetached } from '../lab/detached.ts';
import { removeLab } from '../lab/lab.ts';
import { findNotedProcess, writeProcessFile } from '../lab/process-file.ts';
import { ProcessCable } from '../lab/process-cable.ts';
import { ProcessHost } from '../lab/process-host.ts';
import {
  actOn,
  type Act,
  type ClusterOptions,
  type DemoCluster,
  type WorldNews,
} from './cluster.ts';
import { demoConfiguration, HOSTS, type ResourceEntry } from './configuration.ts';
import { ManagerLog } from './manager-log.ts';
import { PowerLogs } from './power-logs.ts';

const FENCE_PROCESS = join(import.meta.dirname, '..', 'lab', 'bmc', 'fence_process');
const LOOPBACK = '127.0.0.1';

export class ProcessCluster implements DemoCluster {
  readonly hosts = HOSTS;
  readonly introduction = `Four hosts, each of them an agent on the loopback, with resources that do nothing.
Run it as root for real disks, addresses and BMCs.`;
  readonly #directory: string;
  readonly #aureole: readonly string[];
  readonly #hosts: ReadonlyMap<string, ProcessHost>;
  readonly #cables = new Map<string, ProcessCable>();
  readonly #power: PowerLogs;
  readonly #managerLog: ManagerLog;

  private constructor({ directory, aureole }: ClusterOptions, ports: readonly number[]) {
    this.#directory = directory;
    this.#aureole = aureole;
    const agent = [...aureole, 'agent'];
    this.#hosts = new Map(
      HOSTS.map((name, i) => {
        const port = ports[i] ?? 0;
        return [name, new ProcessHost({ lab: directory, name, port, agent })];
      }),
    );
    this.#managerLog = new ManagerLog(join(directory, 'manager.log'));
    this.#power = new PowerLogs([...this.#hosts.values()]);
  }

  static async open(options: ClusterOptions): Promise<ProcessCluster> {
    mkdirSync(join(options.directory, 'processes'), { recursive: true, mode: 0o700 });
    try {
      const cluster = new ProcessCluster(options, await freePorts(HOSTS.length));
      await cluster.#start().catch(async (error: unknown) => {
        await cluster[Symbol.asyncDispose]();
        throw error;
      });
      return cluster;
    } catch (error) {
      await removeLab(options.directory);
      throw error;
    }
  }

  async act(act: Act, host: string): Promise<void> {
    const found = this.#hosts.get(host);
    if (found !== undefined) await actOn(found, act);
  }

  killManager(): void {
    const manager = findNotedProcess(this.#managerFile());
    if (manager !== undefined) process.kill(manager.pid, 'SIGKILL');
  }

  async startManager(): Promise<void> {
    const file = (name: string): string => join(this.#directory, name);
    const places = ['--config', file('aureole.yaml'), '--socket', file('manager.sock')];
    const words = [...this.#aureole, 'manager', ...places, '--journal', file('journal.db')];
    writeProcessFile(this.#managerFile(), await startDetached(words, file('manager.log')));
  }

  look(): readonly WorldNews[] {
    return [...this.#managerLog.read(), ...this.#power.read()];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await removeLab(this.#directory);
    for (const cable of this.#cables.values()) await cable[Symbol.asyncDispose]();
  }

  async #start(): Promise<void> {
    for (const host of this.#hosts.values()) {
      const isPlugged = (): boolean => host.isPlugged;
      this.#cables.set(host.name, await ProcessCable.open({ agentPort: host.port, isPlugged }));
    }
    const hosts = [...this.#hosts.values()].map(({ name, directory }) => ({
      hostname: `${name}:${this.#cables.get(name)?.port ?? 0}`,
      address: LOOPBACK,
      fencing: [[{ agent: FENCE_PROCESS, parameters: { directory } }]],
    }));
    const configuration = demoConfiguration({ hosts, resourcesOf });
    writeFileSync(join(this.#directory, 'aureole.yaml'), configuration);
    await Promise.all([...this.#hosts.values()].map((host) => host.powerOn()));
    await this.startManager();
  }

  #managerFile(): string {
    return join(this.#directory, 'processes', 'manager');
  }
}

function resourcesOf(group: string): ResourceEntry[] {
  return [group, `${group}-address`].map((name) => ({
    name,
    kind: 'aureole/Dummy',
    parameters: {},
  }));
}

/** Somebody else may take one before we use it: then the agent says so. */
async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  try {
    return await Promise.all(
      servers.map(
        (server) =>
          new Promise<number>((resolve, reject) => {
            server.once('error', reject);
            server.listen(0, LOOPBACK, () => {
              const address = server.address();
              if (typeof address === 'object' && address !== null) resolve(address.port);
              else
                reject(new AureoleError('no port', { code: 'demo-no-port' }, { effect: 'none' }));
            });
          }),
      ),
    );
  } finally {
    for (const server of servers) server.close();
  }
}
