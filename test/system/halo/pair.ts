// SPDX-License-Identifier: Apache-2.0
/**
 * The two hosts of HALO's own tests: real agents and a real manager on addresses of the loopback,
 * resources that are files, and a power switch. `mds0` is home to `zpool_0` with `mdt_0` on it, `mds1`
 * to `zpool_1` with `mdt_1`; each may run on the other. See README.md for what is other than at HALO.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { haClient, type HaApi } from '../../../src/ha/client.ts';
import type { GroupView, HostView, ResourceView, Status } from '../../../src/ha/contract.ts';
import { DEADLINE_MS, Daemon, until } from '../../component/manager-cluster.ts';
import { StartRecord } from './start-record.ts';

export const HOSTS = ['mds0', 'mds1'] as const;
export type Host = (typeof HOSTS)[number];
export const ZPOOLS = ['zpool_0', 'zpool_1'] as const;
export type Resource = (typeof ZPOOLS)[number] | 'mdt_0' | 'mdt_1';

/** HALO's words for a resource group, and ours for what it does not tell apart. */
export type Shown =
  | 'Running'
  | 'Running (Failed Over)'
  | 'Stopped'
  | 'Unknown'
  | Exclude<GroupView['status'], 'running' | 'stopped' | 'unknown'>;

const FENCE_TEST = join(import.meta.dirname, 'fence_test');
const OCF_ROOT = join(import.meta.dirname, 'ocf');
const HEARTBEAT_TIMEOUT_MS = 3_000;
/** A journal waits for its disk at each step; a slow disk is no part of these stories. */
const MEMORY = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
const LOOK_EVERY_MS = 100;

const REPOSITORY = join(import.meta.dirname, '..', '..', '..');

// More than a hundred daemons and commands are started: compiled once, they take half the time.
process.env['NODE_COMPILE_CACHE'] ??= join(REPOSITORY, 'node_modules', '.cache', 'aureole');

let pairs = 0;

export class Pair implements AsyncDisposable {
  readonly #folder = mkdtempSync(join(MEMORY, 'aureole-halo-'));
  readonly record = new StartRecord(this.#folder);
  readonly #addresses: ReadonlyMap<Host, string>;
  readonly #agents = new Map<Host, Daemon>();
  readonly #started: Daemon[] = [];
  readonly #api: HaApi;
  #manager: Daemon | undefined;

  constructor() {
    // All of 127/8 is the loopback: with addresses of its own no pair meets another one's ports.
    const ownNet = `127.${1 + ((process.pid >> 8) % 254)}.${process.pid % 256}`;
    this.#addresses = new Map(
      HOSTS.map((host, index) => [host, `${ownNet}.${2 * pairs + index + 1}`]),
    );
    pairs += 1;
    this.#api = haClient(this.socket);
    for (const host of HOSTS) {
      mkdirSync(join(this.#folder, host, 'up'), { recursive: true });
      symlinkSync(OCF_ROOT, join(this.#folder, host, 'ocf'));
    }
    writeFileSync(this.config, this.#configuration(), { mode: 0o600 });
  }

  get socket(): string {
    return join(this.#folder, 'manager.sock');
  }

  get config(): string {
    return join(this.#folder, 'aureole.yaml');
  }

  #configuration(): string {
    const host = (name: Host): string => `
  - hostname: ${name}
    address: ${this.#addresses.get(name)}
    fencing: [[{ name: power, agent: ${FENCE_TEST}, parameters: { directory: ${join(this.#folder, name)} } }]]`;
    const group = (index: 0 | 1): string => `
  - name: zpool_${index}
    kind: heartbeat/ZFS
    parameters: { pool: zpool_${index} }
    dependents: [mdt_${index}]
  - name: mdt_${index}
    kind: lustre/Lustre
    parameters: { mountpoint: /mnt/mdt_${index}, target: zpool_${index}/mdt_${index} }`;
    return `hosts:${HOSTS.map(host).join('')}
resources:${group(0)}${group(1)}
resource_groups:
  - { root: zpool_0, home_host: mds0, failover_hosts: [mds1] }
  - { root: zpool_1, home_host: mds1, failover_hosts: [mds0] }
ha:
  heartbeat_timeout: ${HEARTBEAT_TIMEOUT_MS}ms
  monitor_interval: 1s
  fencing: { timeout: 5s, check: 2s }
`;
  }

  /** The state files of these resources, as somebody at the host's keyboard makes them. */
  startByHand(host: Host, ...resources: readonly Resource[]): void {
    for (const resource of resources) {
      this.record.note(host, resource, 'start');
      writeFileSync(this.#stateFile(host, resource), '');
    }
  }

  stopByHand(host: Host, ...resources: readonly Resource[]): void {
    for (const resource of resources) {
      rmSync(this.#stateFile(host, resource));
      this.record.note(host, resource, 'stop');
    }
  }

  #stateFile(host: Host, resource: Resource): string {
    const file = `${resource.startsWith('zpool') ? 'zfs' : 'lustre'}.${resource}`;
    return join(this.#folder, host, 'up', file);
  }

  async startAgents(...hosts: readonly Host[]): Promise<void> {
    await Promise.all(hosts.map((host) => this.#startAgent(host)));
  }

  /** In the boot that the host is in: its services run on, its agent is another incarnation. */
  async #startAgent(host: Host): Promise<void> {
    const folder = join(this.#folder, host);
    // A host without power has left its agent stopped; its port is wanted now.
    await this.#agents.get(host)?.end('SIGKILL');
    const listen = ['--name', host, '--listen', `${this.#addresses.get(host)}:8000`];
    const files = ['--ocf-root', join(folder, 'ocf'), '--run-directory', join(folder, 'up', 'run')];
    const agent = this.#start('agent', ...listen, ...files);
    this.#agents.set(host, agent);
    await agent.untilSaid('listening');
    writeFileSync(join(folder, 'up', 'pid'), String(agent.pid));
  }

  async killAgent(host: Host): Promise<void> {
    await this.#agents.get(host)?.end('SIGKILL');
  }

  cutPower(host: Host): void {
    this.#switchPower(host, 'off');
  }

  /** Its power is switched on, and it boots. */
  async boot(host: Host): Promise<void> {
    this.#switchPower(host, 'on');
    await this.#startAgent(host);
  }

  #switchPower(host: Host, action: 'off' | 'on'): void {
    const input = `directory=${join(this.#folder, host)}\naction=${action}\n`;
    const { status, stderr } = spawnSync(FENCE_TEST, { input, encoding: 'utf8', timeout: 5_000 });
    assert.equal(status, 0, stderr);
  }

  async startManager(...flags: readonly string[]): Promise<void> {
    const files = ['--config', this.config, '--socket', this.socket];
    const journal = ['--journal', join(this.#folder, 'journal.db')];
    this.#manager = this.#start('manager', ...files, ...journal, ...flags);
    await this.#manager.untilSaid('the manager has started');
  }

  async killManager(): Promise<void> {
    await this.#manager?.end('SIGKILL');
  }

  #start(...args: readonly string[]): Daemon {
    const daemon = new Daemon(args);
    this.#started.push(daemon);
    return daemon;
  }

  /** Both hosts answer, every group runs at home, and every fence device is believed. */
  async startAll(): Promise<void> {
    await this.startAgents(...HOSTS);
    await this.startManager('--manage-resources');
    await this.untilShown('Running', 'Running');
    await this.untilProven(...HOSTS);
  }

  async bootAndFailback(host: Host): Promise<void> {
    await this.boot(host);
    await this.untilHost(host, ({ status }) => status === 'online');
    await this.untilProven(host);
    await this.failback(host);
    await this.untilShown('Running', 'Running');
  }

  failback(host: Host, code = 0): Promise<string> {
    return this.aureole(code, 'failback', '--onto', host);
  }

  fence(code: number, host: Host, ...flags: readonly string[]): Promise<string> {
    return this.aureole(code, 'fence', host, '--reason', 'a test', ...flags);
  }

  /** A command of an operator; `code` is what it must end with. Returns what it said. */
  async aureole(code: number, ...args: readonly string[]): Promise<string> {
    const command = this.#start(...args, '--socket', this.socket);
    assert.equal(await command.end(), code, `aureole ${args.join(' ')}: ${command.said}`);
    return command.said;
  }

  status(): Promise<Status> {
    return this.#api.status(AbortSignal.timeout(DEADLINE_MS)).catch((error: unknown) => {
      throw new Error(`no status; the manager said last: ${this.#manager?.said.slice(-2_000)}`, {
        cause: error,
      });
    });
  }

  async until(what: string, holds: (status: Status) => boolean): Promise<Status> {
    let last: Status | undefined;
    return await until(
      () => `${what}: ${last === undefined ? 'no status' : summary(last)}`,
      async () => {
        last = await this.status();
        return holds(last) ? last : undefined;
      },
      LOOK_EVERY_MS,
    );
  }

  /** What the status shows of `zpool_0` and of `zpool_1`, as soon as it does. */
  async untilShown(zpool0: Shown, zpool1: Shown): Promise<Status> {
    const wanted = [zpool0, zpool1].join(', ');
    return await this.until(wanted, ({ groups }) => groups.map(shownOf).join(', ') === wanted);
  }

  async untilRuns(name: Resource, host: Host): Promise<void> {
    await this.until(`${name} runs on ${host}`, (status) =>
      knownOf(status, name).every((one) => (one.status === 'running') === (one.host === host)),
    );
  }

  async untilStopped(name: Resource): Promise<void> {
    await this.until(`${name} is stopped`, (status) =>
      knownOf(status, name).every((one) => one.status === 'stopped'),
    );
  }

  async untilHost(name: Host, holds: (host: HostView) => boolean): Promise<void> {
    await this.until(`${name} ${holds.toString()}`, ({ hosts }) =>
      hosts.some((host) => host.name === name && holds(host)),
    );
  }

  async untilPower(host: Host, power: 'on' | 'off'): Promise<void> {
    await this.untilHost(host, ({ devices }) => devices.every((device) => device.power === power));
  }

  /** All devices are believed: from now on a fence is carried through. */
  async untilProven(...hosts: readonly Host[]): Promise<void> {
    for (const host of hosts) {
      await this.untilHost(host, ({ devices }) => devices.every(({ trust }) => trust === 'proven'));
    }
  }

  /** Once each host was asked, nothing is started, stopped or shown otherwise while these look at each resource twice more. */
  async assertRests(...hosts: readonly Host[]): Promise<void> {
    for (const host of HOSTS) await this.untilHost(host, ({ status }) => status !== 'unheard');
    const before = outline(await this.status());
    const acts = this.record.acts().length;
    const seen = new Map(hosts.map((host) => [host, this.record.monitors(host)]));
    await until('two more monitors of each resource', () =>
      hosts.every((host) => this.record.monitors(host) >= (seen.get(host) ?? 0) + 2)
        ? true
        : undefined,
    );
    assert.equal(outline(await this.status()), before);
    assert.deepEqual(this.record.acts().slice(acts), []);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // What it has compiled is kept only by a program that comes to its end.
    await Promise.all(this.#started.map((daemon) => daemon.end('SIGTERM')));
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  }
}

function knownOf({ groups }: Status, name: Resource): ResourceView['hosts'] {
  const resource = groups.flatMap((group) => group.resources).find((one) => one.name === name);
  assert.ok(resource !== undefined);
  return resource.hosts;
}

function shownOf({ status, host, homeHost }: GroupView): Shown {
  if (status === 'running') return host === homeHost ? 'Running' : 'Running (Failed Over)';
  if (status === 'stopped') return 'Stopped';
  return status === 'unknown' ? 'Unknown' : status;
}

/** Without the reasons, which may become better known while nothing happens. */
function outline({ hosts, groups }: Status): string {
  return [
    ...groups.map((group) => `${group.name} ${shownOf(group)}`),
    ...hosts.map((host) => `${host.name} ${host.status}`),
  ].join('; ');
}

function summary({ hosts, groups }: Status): string {
  return [
    ...groups.map((group) => `${group.name} ${shownOf(group)} (${group.reason})`),
    ...hosts.map((host) => `${host.name} ${host.status} (${host.notFenced ?? host.reason})`),
  ].join('; ');
}
