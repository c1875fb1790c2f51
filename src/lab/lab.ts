// SPDX-License-Identifier: Apache-2.0
/**
 * A lab: hosts on one switch, their BMCs and shared disks, all below one directory. Whatever it
 * makes is written down there before it is used, so that the directory alone is enough to take the
 * lab down: that is how it ends, and how what a killed one has left is ended.
 */
import {
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  rmSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { AureoleError } from '../kernel/error.ts';
import { isAlive } from '../runtime/process-table.ts';
import { LabBmc } from './bmc/lab-bmc.ts';
import { runCommand } from './command.ts';
import { createDisk, detachDisk } from './disk.ts';
import { removeFreezer } from './freezer.ts';
import { LabHost, switchPower, type LabHostOptions } from './host.ts';
import { setLosses, type Loss } from './loss.ts';
import { startSwitch, SWITCH_ADDRESS, type Switch } from './network.ts';
import { findNotedProcess, writeProcessFile } from './process-file.ts';

const PARTS = [
  'hosts',
  'disks',
  'processes',
  'bmcs',
  'ocf/lib',
  'ocf/resource.d/heartbeat',
  'ocf/resource.d/aureole',
  'ocf/resource.d/lab',
];
const BMC_PORT_FIRST = 9_001;
const END_DEADLINE_MS = 2_000;

export class Lab {
  readonly directory: string;
  /** OCF root as the hosts see it: Debian's scripts, ours, and the lab's own. */
  readonly ocfRoot: string;
  readonly #switch: Switch;
  /** As long as we hold it open, the hosts know that we live. */
  readonly #alive: number;
  #bmcs = 0;

  private constructor(directory: string, to: Switch) {
    this.directory = directory;
    this.ocfRoot = join(directory, 'ocf');
    this.#switch = to;
    this.#alive = openSync(join(directory, 'alive'), constants.O_RDWR | constants.O_NONBLOCK);
  }

  /** In a directory without a lab: see removeLab. */
  static async open(directory: string): Promise<Lab> {
    for (const part of PARTS) mkdirSync(join(directory, part), { recursive: true, mode: 0o755 });
    await runCommand('mkfifo', [join(directory, 'alive')]);
    const to = await startSwitch();
    writeProcessFile(join(directory, 'processes', 'switch'), to.pid);
    return new Lab(directory, to);
  }

  host(options: LabHostOptions): LabHost {
    return new LabHost(this.directory, this.#switch, options);
  }

  async disk(name: string, sizeMb?: number): Promise<string> {
    return await createDisk(join(this.directory, 'disks', `${name}.img`), sizeMb);
  }

  /** A BMC beside the host, on the switch: it has a power cord and a cable of its own. */
  async bmc(
    switched: Pick<LabHost, 'name' | 'directory'>,
    credentials: { readonly username: string; readonly password: string },
  ): Promise<LabBmc> {
    const { name, directory: host } = switched;
    const directory = join(this.directory, 'bmcs', name);
    const processFile = join(this.directory, 'processes', `bmc-${name}`);
    const { namespace } = this.#switch;
    const where = { address: SWITCH_ADDRESS, port: BMC_PORT_FIRST + this.#bmcs++, namespace };
    return await LabBmc.start({ ...where, ...credentials, directory, host, processFile });
  }

  /** What the switch loses from now on; nothing, if nothing is said. */
  async lose(...losses: readonly Loss[]): Promise<void> {
    await setLosses(this.#switch, losses);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    closeSync(this.#alive);
    await removeLab(this.directory);
  }
}

/** Takes down whatever is there of a lab. All is tried; what could not be done is one error. */
export async function removeLab(directory: string): Promise<void> {
  if (!existsSync(directory)) return;
  const hosts = join(directory, 'hosts');
  const failures = [
    // First the BMCs, which could start a host again.
    ...(await tryEach(join(directory, 'processes'), endProcessGroup)),
    ...(await tryEach(hosts, (host) => switchPower(host, 'off'))),
    ...(await tryEach(hosts, removeFreezerOf)),
    ...(await tryEach(join(directory, 'disks'), detachDisk)),
  ];
  if (failures.length === 0) return rmSync(directory, { recursive: true, force: true });
  throw new AureoleError(
    `The lab in ${directory} could not be removed: ${failures.join('; ')}`,
    { code: 'lab-not-removed' },
    { effect: 'unknown' },
  );
}

async function tryEach(
  directory: string,
  work: (path: string) => Promise<void>,
): Promise<readonly string[]> {
  if (!existsSync(directory)) return [];
  const paths = readdirSync(directory).map((name) => join(directory, name));
  const results = await Promise.allSettled(paths.map(work));
  return results.flatMap((r) => (r.status === 'rejected' ? [String(r.reason)] : []));
}

async function endProcessGroup(file: string): Promise<void> {
  const noted = findNotedProcess(file);
  if (noted === undefined) return;
  process.kill(-noted.pid, 'SIGKILL');
  const deadline = performance.now() + END_DEADLINE_MS;
  while (isAlive(noted)) {
    if (performance.now() > deadline) throw new Error(`process ${noted.pid} does not end`);
    await delay(5);
  }
}

async function removeFreezerOf(host: string): Promise<void> {
  const file = join(host, 'freezer');
  if (existsSync(file)) await removeFreezer(readFileSync(file, 'utf8').trim());
}
