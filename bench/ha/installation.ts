// SPDX-License-Identifier: Apache-2.0
/**
 * The daemons as a host has them installed: the packages' files in a folder of their own, begun by the
 * launchers that are shipped, and told by an environment like systemd's to notify it.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const BUILD = join(import.meta.dirname, '..', '..', 'scripts', 'build.ts');
const PACKAGES = ['aureole-common', 'aureole', 'aureole-agent'];
const LAUNCHERS = {
  aureole: 'usr/bin/aureole',
  'aureole-agent': 'usr/sbin/aureole-agent',
} as const;
const BUILD_MS = 300_000;
const COMMAND_MS = 60_000;
const READY_MS = 60_000;
const END_MS = 10_000;
/** What the units say (Type=notify, WatchdogSec=30); nobody listens there. */
const SYSTEMD = { NOTIFY_SOCKET: '@aureole-bench', WATCHDOG_USEC: '30000000' };

export type Program = keyof typeof LAUNCHERS;

export class Installation {
  readonly #root: string;
  readonly #env: NodeJS.ProcessEnv;

  /** Builds the packages of this source tree in `folder`. */
  constructor(folder: string) {
    const built = join(folder, 'dist');
    command(process.execPath, [BUILD, 'deb', '--uncompressed', '--output', built], BUILD_MS);
    this.#root = join(folder, 'root');
    for (const name of PACKAGES) cpSync(join(built, 'deb', name), this.#root, { recursive: true });
    for (const launcher of Object.values(LAUNCHERS))
      relocate(join(this.#root, launcher), this.#root);
    this.#env = { PATH: process.env['PATH'], ...SYSTEMD };
  }

  /** How it is called, for whoever starts it elsewhere. */
  commandOf(program: Program): readonly string[] {
    const environment = Object.entries(SYSTEMD).map(([name, value]) => `${name}=${value}`);
    return ['env', ...environment, join(this.#root, LAUNCHERS[program])];
  }

  /** To its end, which must be a good one. */
  run(program: Program, ...words: string[]): void {
    command(join(this.#root, LAUNCHERS[program]), words, COMMAND_MS);
  }

  /** Resolves once its log has a line that `isReady`, and with that line. */
  async start(program: Program, words: readonly string[], isReady: RegExp): Promise<Daemon> {
    const child = spawn(join(this.#root, LAUNCHERS[program]), words, {
      env: this.#env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const late = AbortSignal.timeout(READY_MS);
    for await (const line of createInterface({ input: child.stdout, signal: late })) {
      if (!isReady.test(line)) continue;
      child.stdout.resume();
      return new Daemon(child, line);
    }
    child.kill('SIGKILL');
    throw new Error(`${program} ${words.join(' ')} did not get ready`);
  }
}

export class Daemon implements AsyncDisposable {
  readonly #child: ChildProcess;
  /** What it said when it was ready. */
  readonly said: string;

  constructor(child: ChildProcess, said: string) {
    this.#child = child;
    this.said = said;
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error('a daemon without a process');
    return this.#child.pid;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    const force = setTimeout(() => this.#child.kill('SIGKILL'), END_MS);
    await gone;
    clearTimeout(force);
  }
}

/** The launchers name their files by where packages put them. */
function relocate(launcher: string, root: string): void {
  const text = readFileSync(launcher, 'utf8');
  writeFileSync(launcher, text.replaceAll(/(?<=\s)\/usr\/lib\//g, `${root}/usr/lib/`));
}

function command(file: string, words: readonly string[], timeout: number): void {
  const { status, stderr } = spawnSync(file, words, { encoding: 'utf8', timeout });
  if (status !== 0) throw new Error(`${file} ${words.join(' ')}: ${status}: ${stderr}`);
}
