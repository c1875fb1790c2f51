// SPDX-License-Identifier: Apache-2.0
/**
 * A cluster under trial: the shipped daemons on lab hosts, recorded resources with a canary, and a
 * judge who looks at the world only: at its log, at the canaries, at the power switches.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AppendLog } from '../lab/append-log.ts';
import { CanaryJudge, parseCanaryLog } from '../lab/canary.ts';
import { LabCluster, type LabClusterOptions } from '../lab/cluster.ts';
import type { LabHost } from '../lab/host.ts';
import { shellCommand, writeShellScript } from '../lab/shell.ts';
import { trialConfiguration, type TrialGroup, type TrialSettings } from './configuration.ts';
import { OverlapJudge, parseWorldLog, type WorldLine } from './world-log.ts';

export type TrialOptions = {
  /** Absent: one for each host, at home there; hosts are pairs in their order. */
  readonly groups?: readonly TrialGroup[];
  readonly heartbeatTimeout?: string;
  readonly canaries?: boolean;
} & LabClusterOptions &
  Pick<TrialSettings, 'dependents' | 'ha' | 'device' | 'fenceTimeout' | 'resource' | 'timeouts'>;

export class TrialCluster implements AsyncDisposable {
  readonly cluster: LabCluster;
  readonly groups: readonly TrialGroup[];
  /** All that the world has said since the beginning. */
  readonly lines: WorldLine[] = [];
  /** Whatever ran twice, in words. Must stay empty. */
  readonly complaints: string[] = [];
  readonly #options: TrialOptions;
  readonly #world: AppendLog;
  readonly #canaries: AppendLog;
  readonly #overlaps = new OverlapJudge();
  readonly #birds = new CanaryJudge();

  private constructor(cluster: LabCluster, options: TrialOptions) {
    this.cluster = cluster;
    this.groups = options.groups ?? pairs(options.hosts);
    this.#options = options;
    this.#world = new AppendLog(this.#file('world.log'), Infinity);
    this.#canaries = new AppendLog(this.#file('canary.log'));
    mkdirSync(this.#file('faults'));
    for (const { name, directory } of cluster.hosts) {
      const line = `echo "$(date +%s%3N) - ${name} off"`;
      const log = shellCommand([this.#file('world.log')]);
      writeShellScript(join(directory, 'after-off'), `${line} >>${log}`);
    }
  }

  /** All hosts up, the configuration written; the manager is not started. */
  static async open(options: TrialOptions): Promise<TrialCluster> {
    const inner = await LabCluster.open(options);
    try {
      const trial = new TrialCluster(inner, options);
      await trial.#configure();
      return trial;
    } catch (error) {
      await inner[Symbol.asyncDispose]();
      throw error;
    }
  }

  host(name: string): LabHost {
    return this.cluster.host(name);
  }

  get manager(): LabHost {
    return this.cluster.manager;
  }

  /** Takes in what the world has said since the last look, and judges it. */
  look(): void {
    for (const line of parseWorldLog(this.#world.read())) {
      this.lines.push(line);
      const complaint = this.#overlaps.see(line);
      if (complaint !== undefined) this.complaints.push(complaint);
    }
    for (const line of parseCanaryLog(this.#canaries.read())) {
      const news = this.#birds.see(line);
      if (news?.type === 'twice') this.complaints.push(news.text);
    }
  }

  /** The hosts on which a resource may run, as the world's log has it. */
  holders(resource: string): readonly string[] {
    this.look();
    return this.#overlaps.holders(resource);
  }

  /** Where the world's log stands now. */
  mark(): number {
    this.look();
    return this.lines.length;
  }

  /** What the world has said since then, of one resource or of all: `start h1`. */
  since(mark: number, resource?: string): readonly string[] {
    this.look();
    const all = this.lines.slice(mark);
    const ours = resource === undefined ? all : all.filter((line) => line.resource === resource);
    return ours.map(({ host, what }) => `${what} ${host}`);
  }

  /** How often its power switch was told off, by whomever. */
  switchedOff(host: string): number {
    const text = readLog(join(this.host(host).directory, 'power.log'));
    return text.split('\n').filter((line) => / off(?: \(|$)/.test(line)).length;
  }

  /** Shell that the resource's script reads before each act ($action), on one host or on all. */
  setFault(resource: string, shell: string | undefined, host?: string): void {
    const file = join(this.#file('faults'), host === undefined ? resource : `${resource}@${host}`);
    if (shell === undefined) rmSync(file, { force: true });
    else writeFileSync(file, `${shell}\n`);
  }

  /** The resource's script does not come to an end before the fault is taken back. */
  holdScript(resource: string, action: 'start' | 'stop', host: string): void {
    const wait = 'while [ -e "$fault" ]; do sleep 0.05; done';
    this.setFault(resource, `[ "$action" != ${action} ] || ${wait}`, host);
  }

  clearFaults(): void {
    for (const name of readdirSync(this.#file('faults'))) rmSync(join(this.#file('faults'), name));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cluster[Symbol.asyncDispose]();
  }

  async #configure(): Promise<void> {
    const { heartbeatTimeout = '3s', canaries = true, ...options } = this.#options;
    const configuration = trialConfiguration({
      ...options,
      hosts: await this.cluster.startHosts(),
      groups: this.groups,
      heartbeatTimeout,
      recorded: { log: this.#file('world.log'), faults: this.#file('faults') },
      ...(canaries ? { canary: (group: string) => this.#canaryOf(group) } : {}),
    });
    writeFileSync(this.cluster.configuration, configuration);
  }

  #canaryOf(group: string): Readonly<Record<string, string>> {
    const directory = this.#file(`disk-${group}`);
    mkdirSync(directory);
    return { directory, log: this.#file('canary.log') };
  }

  #file(name: string): string {
    return join(this.cluster.lab.directory, name);
  }
}

function pairs(hosts: readonly string[]): readonly TrialGroup[] {
  return hosts.map((home, i) => {
    const partner = hosts[i % 2 === 0 ? i + 1 : i - 1];
    return { name: `g${i + 1}`, home, failover: partner === undefined ? [] : [partner] };
  });
}

function readLog(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // Never switched.
  }
}
