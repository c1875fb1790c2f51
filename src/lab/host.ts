// SPDX-License-Identifier: Apache-2.0
/**
 * One lab host: how it is started, and everything that can happen to it. Its state lies in its
 * directory (see bmc/power-contract.md and lab-host.sh), so that its BMC sees the same host.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { AureoleError } from '../kernel/error.ts';
import type { ProcessId } from '../runtime/process-table.ts';
import { runCommand } from './command.ts';
import { startDetached } from './detached.ts';
import { freeze, makeFreezer, thaw } from './freezer.ts';
import { cableCommand, type Switch } from './network.ts';
import { findNotedProcess } from './process-file.ts';
import { shellCommand, writeShellScript } from './shell.ts';

export type LabHostOptions = {
  readonly name: string;
  readonly address: string;
  /** What it runs, as a program of its init; restarted by nobody. */
  readonly command: readonly string[];
};

const LAB_HOST = join(import.meta.dirname, 'lab-host.sh');
export const LAB_POWER = join(import.meta.dirname, 'bmc', 'lab-power.sh');
const UP_DEADLINE_MS = 5_000;

export class LabHost {
  readonly name: string;
  readonly address: string;
  readonly directory: string;
  readonly #switch: Switch;

  constructor(lab: string, to: Switch, options: LabHostOptions) {
    this.name = options.name;
    this.address = options.address;
    this.directory = join(lab, 'hosts', options.name);
    this.#switch = to;
    mkdirSync(this.directory, { recursive: true });
    const freezer = makeFreezer(`${basename(lab)}-${options.name}`);
    if (freezer !== undefined) writeFileSync(this.#file('freezer'), `${freezer}\n`);
    const words = [LAB_HOST, 'power-on', this.directory, lab, `${to.pid}`, options.address];
    const powerOn = shellCommand([...words, ...options.command]);
    writeShellScript(this.#file('power-on'), `exec ${powerOn}`);
    const unplug = cableCommand(to, options.name, 'down');
    writeShellScript(this.#file('before-off'), `exec ${shellCommand(unplug)} 2>/dev/null`);
  }

  /** Its init, as seen from outside; undefined while it is off or crashed. */
  get init(): ProcessId | undefined {
    return findNotedProcess(this.#file('init.pid'));
  }

  /** The power is on as long as this file is there, whatever became of the processes. */
  get isOn(): boolean {
    return existsSync(this.#file('init.pid'));
  }

  async powerOn(): Promise<void> {
    await switchPower(this.directory, 'on');
    const deadline = performance.now() + UP_DEADLINE_MS;
    while (!existsSync(this.#file('up'))) {
      if (this.init === undefined || performance.now() > deadline) {
        throw new AureoleError(
          `${this.name} did not come up: ${readFileSync(this.#file('power-on.log'), 'utf8')}`,
          { code: 'lab-host-not-up' },
          { effect: 'unknown' },
        );
      }
      await delay(5);
    }
  }

  /** Pulls the plug: returns when no process of the host is left. */
  async powerOff(): Promise<void> {
    await switchPower(this.directory, 'off');
  }

  async cutCable(): Promise<void> {
    writeFileSync(this.#file('cable-cut'), '');
    await this.#setCable('down');
  }

  async mendCable(): Promise<void> {
    rmSync(this.#file('cable-cut'), { force: true });
    await this.#setCable('up');
  }

  async freeze(): Promise<void> {
    await freeze(this.#freezer(), this.#runningInit().pid);
  }

  async thaw(): Promise<void> {
    if (this.init !== undefined) await thaw(this.#freezer(), this.init.pid);
  }

  /** With SIGKILL; what it had started lives on. */
  killProgram(): void {
    process.kill(this.#runningInit().pid, 'SIGUSR2');
  }

  startProgram(): Promise<void> {
    process.kill(this.#runningInit().pid, 'SIGUSR1');
    return Promise.resolve();
  }

  /** SIGSTOP: the program alone stands still, with all that it has open. */
  async stopProgram(): Promise<void> {
    await this.#signalProgram('STOP');
  }

  async continueProgram(): Promise<void> {
    await this.#signalProgram('CONT');
  }

  /** Another program inside the host, which ends with it. */
  async startBeside(name: string, words: readonly string[]): Promise<void> {
    const enter = '[ ! -e "$0" ] || echo 0 >"$(cat "$0")/cgroup.procs"; exec "$@"';
    const command = ['sh', '-c', enter, this.#file('freezer'), ...words];
    await startDetached(this.#inside(command), this.#file(`${name}.log`));
  }

  /** Runs a command inside the host. */
  async run(file: string, args: readonly string[]): Promise<string> {
    const [enter = '', ...words] = this.#inside([file, ...args]);
    return await runCommand(enter, words);
  }

  #inside(words: readonly string[]): readonly string[] {
    const init = `${this.#runningInit().pid}`;
    return ['nsenter', '--target', init, '--all', '--wd=/', ...words];
  }

  async #signalProgram(signal: 'STOP' | 'CONT'): Promise<void> {
    const pid = readFileSync(this.#file('program.pid'), 'utf8').trim();
    // One that was killed does not matter.
    const send = `! kill -0 "$0" 2>/dev/null || kill -${signal} "$0"`;
    await this.run('sh', ['-c', send, pid]);
  }

  async #setCable(state: 'up' | 'down'): Promise<void> {
    if (this.init === undefined) return;
    const [file = '', ...args] = cableCommand(this.#switch, this.name, state);
    await runCommand(file, args);
  }

  #runningInit(): ProcessId {
    const { init } = this;
    if (init !== undefined) return init;
    throw new AureoleError(
      `${this.name} is off or has crashed`,
      { code: 'lab-host-off' },
      { effect: 'none' },
    );
  }

  #freezer(): string | undefined {
    const file = this.#file('freezer');
    return existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined;
  }

  #file(name: string): string {
    return join(this.directory, name);
  }
}

export async function switchPower(directory: string, action: 'on' | 'off'): Promise<void> {
  await runCommand(LAB_POWER, [action, directory]);
}
