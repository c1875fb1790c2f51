// SPDX-License-Identifier: Apache-2.0
/**
 * A cluster on the loopback for tests of the manager: real agents and a real manager, each in a
 * process of its own, and fence devices that silence an agent as a power cut would. All that it starts
 * and writes is gone when it is disposed of.
 */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { EventView, OrderAnswer, PowerStatus, Status } from '../../src/ha/contract.ts';
import type { Verb } from '../../src/ha/core/messages.ts';

const AUREOLE = join(import.meta.dirname, '..', '..', 'src', 'cli', 'main.ts');
export const DEADLINE_MS = 20_000;

/** Runs where its state file is, and keeps a log of what it was told; acts.log has those of all. */
const SERVICE = `#!/bin/sh
state=FOLDER/$OCF_RESOURCE_INSTANCE.HOST
case $1 in start | stop) echo "$1 $OCF_RESOURCE_INSTANCE on HOST" >>FOLDER/acts.log ;; esac
case $1 in
  start) echo start >>$state.log; test ! -e $state.fails || exit 1; : >$state ;;
  stop) echo stop >>$state.log; rm -f $state ;;
  monitor) test -e $state || exit 7 ;;
  meta-data) echo '<resource-agent name="Service"/>' ;;
  *) exit 3 ;;
esac
`;

/**
 * Stops the agent whose number stands in pid.PLUG for good, and then says off. It is
 * not killed: the kernel here would then refuse for it, and a host without power refuses nothing.
 */
const FENCE = `#!/bin/sh
if test "$*" = '-o metadata'; then
  echo '<resource-agent><actions><action name="on"/><action name="off"/><action name="status"/></actions></resource-agent>'
  exit 0
fi
while read -r line; do
  case $line in action=*) action=\${line#action=} ;; plug=*) plug=\${line#plug=} ;; esac
done
cd FOLDER || exit 1
case $action in on | off) echo "power-$action $plug" >>acts.log ;; esac
case $action in
  off) kill -STOP "$(cat pid.$plug)"; rm -f ./*.$plug; rm -rf run.$plug; echo off >>power.$plug; exit 0 ;;
  on) rm -f power.$plug ;;
  status) if test -e power.$plug; then echo 'Status: OFF'; exit 2; else echo 'Status: ON'; fi ;;
  *) exit 1 ;;
esac
`;

export class Daemon {
  readonly #process: ChildProcess;
  #said = '';

  constructor(args: readonly string[]) {
    this.#process = spawn(process.execPath, [AUREOLE, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const hear = (chunk: Buffer): void => void (this.#said += chunk.toString());
    this.#process.stdout?.on('data', hear);
    this.#process.stderr?.on('data', hear);
  }

  get pid(): number {
    assert.ok(this.#process.pid !== undefined);
    return this.#process.pid;
  }

  get said(): string {
    return this.#said;
  }

  get #gone(): boolean {
    return this.#process.exitCode !== null || this.#process.signalCode !== null;
  }

  async untilSaid(words: string): Promise<void> {
    await until(`"${words}" from ${this.#process.spawnargs.join(' ')}`, () => {
      assert.ok(!this.#gone || this.#said.includes(words), this.#said);
      return this.#said.includes(words) ? true : undefined;
    });
  }

  signal(name: NodeJS.Signals): void {
    this.#process.kill(name);
  }

  /** Its exit code; after `name`, if it is given. */
  async end(name?: NodeJS.Signals): Promise<number | null> {
    if (!this.#gone) {
      const exit = once(this.#process, 'exit', { signal: AbortSignal.timeout(DEADLINE_MS) });
      if (name !== undefined) this.signal(name);
      // A stopped process ends by SIGKILL only; by others once it goes on.
      if (name !== undefined && name !== 'SIGKILL') this.signal('SIGCONT');
      await exit;
    }
    return this.#process.exitCode;
  }
}

export class Cluster implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'aureole-cluster-'));
  readonly #ports = new Map<string, number>();
  readonly #agents = new Map<string, Daemon>();
  readonly #managers: Daemon[] = [];

  constructor() {
    this.#program(this.fenceProgram, FENCE);
  }

  get fenceProgram(): string {
    return join(this.folder, 'fence_loopback');
  }

  #program(path: string, content: string): void {
    writeFileSync(path, content.replaceAll('FOLDER', this.folder));
    chmodSync(path, 0o755);
  }

  /** Again on the port that it had, if it had one: the configuration names it. */
  async startAgent(host: string, ...more: string[]): Promise<Daemon> {
    const port = this.#ports.get(host) ?? 0;
    const ocfRoot = join(this.folder, `ocf.${host}`);
    const provider = join(ocfRoot, 'resource.d', 'test');
    mkdirSync(provider, { recursive: true });
    this.#program(join(provider, 'Service'), SERVICE.replaceAll('HOST', host));
    const flags = ['--name', host, '--listen', `127.0.0.1:${port}`, '--ocf-root', ocfRoot];
    const run = ['--run-directory', join(this.folder, `run.${host}`)];
    const agent = new Daemon(['agent', ...flags, ...run, ...more]);
    this.#agents.set(host, agent);
    await agent.untilSaid('listening');
    this.#ports.set(host, Number(/"port":(\d+)/.exec(agent.said)?.[1]));
    writeFileSync(join(this.folder, `pid.${host}`), String(agent.pid));
    return agent;
  }

  portOf(host: string): number {
    return this.#ports.get(host) ?? 0;
  }

  /** Returns before it is ready. */
  spawnManager(config: string, name = 'manager', ...flags: string[]): Daemon {
    const path = join(this.folder, `${name}.yaml`);
    writeFileSync(path, config, { mode: 0o600 });
    const files = ['--socket', this.socketOf(name), '--journal', join(this.folder, `${name}.db`)];
    const manager = new Daemon(['manager', '--config', path, ...files, ...flags]);
    this.#managers.push(manager);
    return manager;
  }

  async startManager(config: string, name = 'manager', ...flags: string[]): Promise<Daemon> {
    const manager = this.spawnManager(config, name, ...flags);
    await manager.untilSaid('the manager has started');
    return manager;
  }

  socketOf(name: string): string {
    return join(this.folder, `${name}.sock`);
  }

  async status(name = 'manager'): Promise<Status> {
    return Status.parse(await this.#call('/v1/status', undefined, name));
  }

  async events(): Promise<EventView[]> {
    const answer = await this.#call('/v1/events?limit=1000');
    return z.object({ events: z.array(EventView) }).parse(answer).events;
  }

  explain(name: string): Promise<unknown> {
    return this.#call(`/v1/explain/${encodeURIComponent(name)}`);
  }

  async order(
    verb: Verb,
    target: string,
    more: { readonly force?: boolean; readonly dryRun?: boolean } = {},
  ): Promise<OrderAnswer> {
    const order = { verb, target, operator: 'test', ...more };
    return OrderAnswer.parse(await this.#call('/v1/orders', order));
  }

  async powerStatus(...hosts: string[]): Promise<PowerStatus> {
    return PowerStatus.parse(await this.#call('/v1/power/status', { hosts }));
  }

  async untilStatus(
    what: string,
    wanted: (status: Status) => boolean,
    name = 'manager',
  ): Promise<Status> {
    let last: Status | undefined;
    return until(
      () => `${what}: ${JSON.stringify(last)}`,
      async () => {
        last = await this.status(name);
        return wanted(last) ? last : undefined;
      },
    );
  }

  runsOn(group: string, host: string): (status: Status) => boolean {
    return ({ groups }) =>
      groups.some((one) => one.name === group && one.status === 'running' && one.host === host);
  }

  /** What the service was told on the host, e.g. `start stop start`. */
  told(resource: string, host: string): string {
    const path = join(this.folder, `${resource}.${host}.log`);
    return existsSync(path) ? readFileSync(path, 'utf8').trim().replaceAll('\n', ' ') : '';
  }

  /** What all scripts and fence devices were told so far, in order. */
  get acts(): readonly string[] {
    const path = join(this.folder, 'acts.log');
    return existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n') : [];
  }

  failStarts(resource: string, host: string): void {
    writeFileSync(join(this.folder, `${resource}.${host}.fails`), '');
  }

  /** As if the service had crashed. */
  breakService(resource: string, host: string): void {
    rmSync(join(this.folder, `${resource}.${host}`));
  }

  async #call(path: string, body?: unknown, name = 'manager'): Promise<unknown> {
    const method = body === undefined ? 'GET' : 'POST';
    const place = { socketPath: this.socketOf(name), path, method, agent: false };
    const answer = await new Promise<string>((resolve, reject) => {
      const call = request(place, (response) => {
        void text(response).then(resolve, reject);
      });
      call.on('error', reject).end(body === undefined ? undefined : JSON.stringify(body));
    });
    return JSON.parse(answer);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const daemon of [...this.#managers, ...this.#agents.values()]) await daemon.end('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  }
}

export async function until<T>(
  what: string | (() => string),
  look: () => T | undefined | Promise<T | undefined>,
  everyMs = 25,
): Promise<T> {
  const end = performance.now() + DEADLINE_MS;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    const words = typeof what === 'string' ? what : what();
    assert.ok(performance.now() < end, `waited in vain for ${words}`);
    await sleep(everyMs);
  }
}
