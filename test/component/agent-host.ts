// SPDX-License-Identifier: Apache-2.0
/**
 * A host for tests of the agent: a real agent in a process of its own, with a run directory and an
 * OCF root in a temporary folder. When it is disposed of, whatever its scripts left is ended.
 */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { z } from 'zod';
import { findProcess } from '../../src/runtime/process-table.ts';
import {
  Beat,
  Identity,
  OperationStatus,
  Outputs,
  type Operate,
  type Operation,
  type Resource,
  type WatchedResource,
  type WatchedState,
} from '../../src/agent/contract.ts';

const MAIN = join(import.meta.dirname, '../../src/cli/main.ts');
const READY_MS = 15_000;

export type Asked = { readonly status: number; readonly body: unknown };

export class AgentHost implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'aureole-agent-'));
  readonly runDirectory = join(this.folder, 'run');
  readonly ocfRoot: string;
  epoch = { journal: 'journal-1', number: 1 };
  #agent: ChildProcess | undefined;
  #port = 0;
  #haloPort = 0;
  #requests = 0;
  readonly #boots: string[] = [];

  /** Without an OCF root: one of its own, for scripts of the test. */
  constructor(ocfRoot?: string) {
    this.ocfRoot = ocfRoot ?? join(this.folder, 'ocf');
    if (ocfRoot === undefined) {
      mkdirSync(join(this.ocfRoot, 'resource.d', 'test'), { recursive: true });
    }
  }

  /** Puts `test/NAME` into the host's own OCF root. */
  script(name: string, text: string): void {
    const path = join(this.ocfRoot, 'resource.d', 'test', name);
    writeFileSync(path, `#!/bin/sh\ncd ${this.folder}\n${text}\n`);
    chmodSync(path, 0o755);
  }

  async start(...flags: string[]): Promise<void> {
    const always = ['--name', 'oss1', '--listen', '127.0.0.1:0', '--ocf-root', this.ocfRoot];
    const agent = spawn(
      process.execPath,
      [MAIN, 'agent', ...always, '--run-directory', this.runDirectory, ...flags],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    this.#agent = agent;
    let said = '';
    agent.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    const late = AbortSignal.timeout(READY_MS);
    for await (const line of createInterface({ input: agent.stdout, signal: late })) {
      said += `${line}\n`;
      this.#haloPort = Number(/"haloPort":(\d+)/.exec(line)?.[1] ?? this.#haloPort);
      const [, port] = /"port":(\d+).*"listening"/.exec(line) ?? [];
      if (port === undefined) continue;
      this.#port = Number(port);
      agent.stdout.resume();
      this.#boots.push(/"boot":"([^"]+)"/.exec(line)?.[1] ?? '');
      return;
    }
    throw new Error(`The agent did not start: ${said}`);
  }

  /** Resolves once it is gone. */
  async end(signal: NodeJS.Signals): Promise<void> {
    const agent = this.#agent;
    if (agent === undefined || agent.exitCode !== null || agent.signalCode !== null) return;
    const gone = once(agent, 'exit');
    agent.kill(signal);
    await gone;
  }

  get port(): number {
    return this.#port;
  }

  /** With `--halo-compat`. */
  get haloPort(): number {
    return this.#haloPort;
  }

  get pid(): number {
    return this.#agent?.pid ?? 0;
  }

  async ask(method: string, path: string, body?: unknown): Promise<Asked> {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const init = body === undefined ? { method } : { method, body: text };
    const response = await fetch(`http://127.0.0.1:${this.#port}${path}`, init);
    const answer: unknown = await response.json();
    return { status: response.status, body: answer };
  }

  async identity(): Promise<Identity> {
    return await this.#get(Identity, 'GET', '/v1/identity');
  }

  async outputs(): Promise<Outputs['outputs']> {
    return (await this.#get(Outputs, 'GET', '/v1/outputs')).outputs;
  }

  async watch(...resources: WatchedResource[]): Promise<void> {
    const { status, body } = await this.ask('PUT', '/v1/watch', { epoch: this.epoch, resources });
    assert.equal(status, 200, JSON.stringify(body));
  }

  async poll(cursor = 0, waitMs = 0): Promise<Beat> {
    return await this.#get(Beat, 'POST', '/v1/poll', { epoch: this.epoch, cursor, waitMs });
  }

  /** Polls until the watched resource is as the test wants it. */
  async untilSeen(name: string, wanted: (seen: WatchedState) => boolean): Promise<WatchedState> {
    let beat = await this.poll();
    const late = performance.now() + READY_MS;
    for (;;) {
      const seen = beat.resources.find((each) => each.resource === name);
      if (seen !== undefined && wanted(seen)) return seen;
      assert.ok(performance.now() < late, `never so: ${JSON.stringify(seen)}`);
      beat = await this.poll(beat.cursor, 500);
    }
  }

  async operate(
    operation: Operation,
    of: Resource,
    more: Partial<Operate> = {},
  ): Promise<OperationStatus> {
    this.#requests += 1;
    const { boot } = await this.identity();
    const order: Operate = {
      epoch: this.epoch,
      request: `request-${this.#requests}`,
      boot,
      operation,
      resource: of,
      waitMs: 20_000,
      ...more,
    };
    return await this.#get(OperationStatus, 'POST', '/v1/operations', order);
  }

  /** A file that a script of the test writes. */
  async untilFile(name: string): Promise<string> {
    return await until(`the file ${name}`, () => {
      const text = this.read(name);
      return text.endsWith('\n') ? text : undefined;
    });
  }

  read(name: string): string {
    try {
      return readFileSync(join(this.folder, name), 'utf8');
    } catch {
      return '';
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end('SIGKILL');
    // A process that stays after SIGKILL is in state D for a while.
    await until('the end of what scripts left', () => {
      const left = this.#leftByScripts();
      for (const pid of left) kill(pid);
      return left.length === 0 ? true : undefined;
    });
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Every process that bears the mark of an operation of this host. */
  #leftByScripts(): number[] {
    const marks = this.#boots.map((boot) => `AUREOLE_OPERATION=${boot}/`);
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name) && findProcess(Number(name)) !== undefined)
      .filter((name) => {
        const environment = readEnvironment(name).split('\0');
        return environment.some((each) => marks.some((mark) => each.startsWith(mark)));
      })
      .map(Number);
  }

  async #get<T>(schema: z.ZodType<T>, method: string, path: string, body?: unknown): Promise<T> {
    const answer = await this.ask(method, path, body);
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    return schema.parse(answer.body);
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Gone between the look and the signal.
  }
}

function readEnvironment(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8');
  } catch {
    return '';
  }
}

/** Resolves with the first value that is not undefined. */
export async function until<T>(
  what: string,
  look: () => T | undefined | Promise<T | undefined>,
): Promise<T> {
  const end = performance.now() + READY_MS;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    assert.ok(performance.now() < end, `waited in vain for ${what}`);
    await sleep(20);
  }
}

/** A resource of the test's own script `test/NAME`. */
export function resource(script: string, parameters: Record<string, string> = {}): Resource {
  return { name: script, kind: `test/${script}`, parameters };
}

export function watched(script: string, intervalMs = 200): WatchedResource {
  return { ...resource(script), intervalMs };
}
