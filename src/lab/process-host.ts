// SPDX-License-Identifier: Apache-2.0
/**
 * A lab host for a machine on which no namespaces can be made: one agent on the loopback, whose
 * process is the host's init and whose run directory stands for its /run. Its cable is a relay
 * (process-cable.ts), which a file in its directory cuts. The power switch knows it by the same files as any other lab host (bmc/power-contract.md).
 */
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AureoleError } from '../kernel/error.ts';
import type { ProcessId } from '../runtime/process-table.ts';
import { startDetached } from './detached.ts';
import { LAB_POWER, switchPower } from './host.ts';
import { findNotedProcess } from './process-file.ts';
import { shellCommand, writeShellScript } from './shell.ts';

export type ProcessHostOptions = {
  /** Directory of the lab. */
  readonly lab: string;
  readonly name: string;
  readonly port: number;
  /** How the agent is called; what is the host's own is added. */
  readonly agent: readonly string[];
};

const OUR_SCRIPTS = join(import.meta.dirname, '..', '..', 'ocf', 'resource.d', 'aureole');

export class ProcessHost {
  readonly name: string;
  readonly port: number;
  readonly directory: string;

  constructor({ lab, name, port, agent }: ProcessHostOptions) {
    this.name = name;
    this.port = port;
    this.directory = join(lab, 'hosts', name);
    const run = join(this.directory, 'run');
    const ocf = join(this.directory, 'ocf');
    const scripts = join(ocf, 'resource.d', 'aureole');
    for (const folder of [run, scripts]) mkdirSync(folder, { recursive: true });
    // The hosts share one /run/resource-agents: the notes of a script must be the host's own.
    const dummy = shellCommand([join(OUR_SCRIPTS, 'Dummy')]);
    writeShellScript(join(scripts, 'Dummy'), `HA_RSCTMP=${shellCommand([run])} exec ${dummy} "$@"`);
    const own = ['--name', name, '--listen', `127.0.0.1:${port}`];
    const places = ['--run-directory', run, '--ocf-root', ocf];
    const words = [LAB_POWER, 'become-init', this.directory, ...agent, ...own, ...places];
    const mend = shellCommand(['rm', '-f', this.#cableOut]);
    writeShellScript(join(this.directory, 'power-on'), `${mend}; exec ${shellCommand(words)}`);
    writeShellScript(join(this.directory, 'before-off'), shellCommand(['touch', this.#cableOut]));
  }

  /** Nothing passes while it is there. */
  get #cableOut(): string {
    return join(this.directory, 'cable-out');
  }

  get isPlugged(): boolean {
    return !existsSync(this.#cableOut);
  }

  get init(): ProcessId | undefined {
    return findNotedProcess(join(this.directory, 'init.pid'));
  }

  /** The power is on as long as this file is there, whatever became of the processes. */
  get isOn(): boolean {
    return existsSync(join(this.directory, 'init.pid'));
  }

  async powerOn(): Promise<void> {
    await switchPower(this.directory, 'on');
  }

  async powerOff(): Promise<void> {
    await switchPower(this.directory, 'off');
  }

  cutCable(): Promise<void> {
    writeFileSync(this.#cableOut, '');
    return Promise.resolve();
  }

  mendCable(): Promise<void> {
    if (this.init !== undefined) rmSync(this.#cableOut, { force: true });
    return Promise.resolve();
  }

  freeze(): Promise<void> {
    process.kill(this.#runningInit().pid, 'SIGSTOP');
    return Promise.resolve();
  }

  thaw(): Promise<void> {
    if (this.init !== undefined) process.kill(this.init.pid, 'SIGCONT');
    return Promise.resolve();
  }

  killProgram(): void {
    process.kill(this.#runningInit().pid, 'SIGKILL');
  }

  /** The agent again, in the same boot: its run directory is as it was. */
  async startProgram(): Promise<void> {
    if (this.init !== undefined || !this.isOn) return;
    const powerOn = join(this.directory, 'power-on');
    await startDetached([powerOn], `${powerOn}.log`);
  }

  #runningInit(): ProcessId {
    const { init } = this;
    if (init !== undefined) return init;
    const message = `${this.name} is off, or its agent does not run`;
    throw new AureoleError(message, { code: 'lab-host-off' }, { effect: 'none' });
  }
}
