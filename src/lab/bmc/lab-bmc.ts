// SPDX-License-Identifier: Apache-2.0
/** One BMC of a lab, and what can happen to it: it falls silent, or somebody changes its password. */
import { join } from 'node:path';
import { writeProcessFile } from '../process-file.ts';
import type { Daemon } from './daemon.ts';
import { startIpmiBmc, type IpmiBmcOptions } from './ipmi.ts';

export type LabBmcOptions = IpmiBmcOptions & {
  /** Where its process is written down, for whoever takes the lab down. */
  readonly processFile: string;
};

export class LabBmc {
  readonly #options: LabBmcOptions;
  #daemon: Daemon;

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

  /** The file in which its power switch looks for a fault; see power-contract.md. */
  get fault(): string {
    return join(this.#options.host, 'power');
  }

  /** As one without power: nothing comes back, not even a refusal. */
  silence(): void {
    process.kill(-this.#daemon.pid, 'SIGSTOP');
  }

  answer(): void {
    process.kill(-this.#daemon.pid, 'SIGCONT');
  }

  /** For everybody who comes from now on; its own one again, if none is said. */
  async setPassword(password: string = this.password): Promise<void> {
    await this.#daemon.stop();
    this.#daemon = await startNoted({ ...this.#options, password });
  }
}

async function startNoted(options: LabBmcOptions): Promise<Daemon> {
  const daemon = await startIpmiBmc(options);
  writeProcessFile(options.processFile, daemon.pid);
  return daemon;
}
