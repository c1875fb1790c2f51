// SPDX-License-Identifier: Apache-2.0
/** One BMC of a lab, and what can happen to it: it falls silent, or somebody changes its password. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeProcessFile } from '../process-file.ts';
import type { Daemon } from './daemon.ts';
import { startIpmiBmc, type IpmiBmcOptions } from './ipmi.ts';

export type LabBmcOptions = IpmiBmcOptions & {
  /** Where its process is written down, for whoever takes the lab down. */
  readonly processFile: string;
};

export type PowerFault = 'cache' | 'dead' | 'lie' | 'stuck-on';

export class LabBmc {
  readonly #options: LabBmcOptions;
  #daemon: Daemon;
  #hasOwnPassword = true;

  private constructor(options: LabBmcOptions, daemon: Daemon) {
    this.#options = options;
    this.#daemon = daemon;
  }

  static async start(options: LabBmcOptions): Promise<LabBmc> {
    return new LabBmc(options, await startNoted(options));
  }

  get address(): string {
    return this.#options.address;
  }

  get port(): number {
    return this.#options.port;
  }

  get username(): string {
    return this.#options.username;
  }

  get password(): string {
    return this.#options.password;
  }

  /** Of its power switch; see power-contract.md. Absent: none. */
  setFault(fault?: PowerFault): void {
    const file = join(this.#options.host, 'power');
    if (fault === undefined) rmSync(file, { force: true });
    else writeFileSync(file, fault);
  }

  /** As one without power: nothing comes back, not even a refusal. */
  silence(): void {
    process.kill(-this.#daemon.pid, 'SIGSTOP');
  }

  answer(): void {
    process.kill(-this.#daemon.pid, 'SIGCONT');
  }

  /** For everybody who comes from now on. */
  async setPassword(password: string): Promise<void> {
    await this.#daemon.stop();
    this.#daemon = await startNoted({ ...this.#options, password });
    this.#hasOwnPassword = password === this.password;
  }

  async mend(): Promise<void> {
    this.setFault();
    this.answer();
    if (!this.#hasOwnPassword) await this.setPassword(this.password);
  }
}

async function startNoted(options: LabBmcOptions): Promise<Daemon> {
  const daemon = await startIpmiBmc(options);
  writeProcessFile(options.processFile, daemon.pid);
  return daemon;
}
