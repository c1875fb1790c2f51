// SPDX-License-Identifier: Apache-2.0
/**
 * What the tests of fencing share: a lab host that is a real process tree in a pid namespace, and one
 * real power switch of each kind in front of it.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import {
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  readlink,
  rm,
  rmdir,
  writeFile,
} from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { FenceDevice } from '../../src/ha/fencing/contract.ts';
import { startIpmiBmc } from '../../src/lab/bmc/ipmi.ts';
import { startPowerman } from '../../src/lab/bmc/powerman.ts';
import { startRedfish } from '../../src/lab/bmc/redfish.ts';
import { needs } from '../needs.ts';

const BMC = join(import.meta.dirname, '../../src/lab/bmc');
const LAB_POWER = join(BMC, 'lab-power.sh');
const FREEZER = '/sys/fs/cgroup/freezer';
export const PASSWORD = 'lab-s3cret-pass';
export const LAB_HOST_NEEDS = { programs: ['unshare', 'flock', 'setsid'], root: true };

const run = promisify(execFile);

export async function makeDirectory(stack: AsyncDisposableStack): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'aureole-fence-'));
  stack.defer(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** A host whose init has a child; both would outlive a fence that does nothing. */
export class LabHost {
  readonly directory: string;

  private constructor(directory: string) {
    this.directory = directory;
  }

  static async start(stack: AsyncDisposableStack, name = 'oss1'): Promise<LabHost> {
    const directory = join(await makeDirectory(stack), name);
    await mkdir(join(directory, 'run'), { recursive: true });
    const init = `mount -t proc proc /proc && mount --bind ${directory}/run /run
echo here >/run/boot
setsid sleep 1000 &
exec sleep 1000`;
    await writeFile(join(directory, 'init'), init);
    await writeFile(
      join(directory, 'power-on'),
      `#!/bin/sh\nexec unshare --pid --fork --mount ${LAB_POWER} become-init ${directory} sh ${directory}/init\n`,
      { mode: 0o755 },
    );
    const host = new LabHost(directory);
    stack.defer(async () => void (await host.power('off')));
    await host.power('on');
    await eventually(async () => (await host.commands()).join() === 'sleep,sleep');
    return host;
  }

  /** By hand, whatever fault the test has set. */
  async power(action: 'status' | 'off' | 'on'): Promise<string> {
    await rm(join(this.directory, 'power'), { force: true });
    return (await run(LAB_POWER, [action, this.directory])).stdout.trim();
  }

  async setFault(fault: 'lie' | 'dead' | 'stuck-on'): Promise<void> {
    await writeFile(join(this.directory, 'power'), fault);
  }

  /** Every process in the pid namespace of the host's init, looked for without lab-power's help. */
  async processes(): Promise<number[]> {
    const init = await readFile(join(this.directory, 'init.pid'), 'utf8').catch(() => '');
    const [pid = ''] = init.split(' ');
    return pid === '' ? [] : await processesOf(await namespaceOf(pid));
  }

  /** While the host starts there are others, which come and go. */
  private async commands(): Promise<string[]> {
    const read = (pid: number) => readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '');
    return (await Promise.all((await this.processes()).map(read))).map((name) => name.trim());
  }

  /** Equal or different: pid and start time of init. The name of a namespace may be used again. */
  async boot(): Promise<string> {
    return await readFile(join(this.directory, 'init.pid'), 'utf8');
  }

  async namespace(): Promise<string> {
    return await namespaceOf((await this.boot()).split(' ')[0] ?? '');
  }

  /** As when the kernel of a host hangs: nothing runs on, and a plain SIGKILL ends nobody. */
  async freeze(stack: AsyncDisposableStack): Promise<void> {
    const cgroup = join(FREEZER, `aureole-test-${randomUUID()}`);
    await mkdir(cgroup);
    stack.defer(async () => {
      await this.power('off');
      await rmdir(cgroup);
    });
    await writeFile(join(this.directory, 'freezer'), cgroup);
    for (const pid of await this.processes()) {
      await writeFile(join(cgroup, 'cgroup.procs'), String(pid));
    }
    await writeFile(join(cgroup, 'freezer.state'), 'FROZEN');
    await eventually(async () => {
      return (await readFile(join(cgroup, 'freezer.state'), 'utf8')).trim() === 'FROZEN';
    });
  }
}

async function namespaceOf(pid: string): Promise<string> {
  return await readlink(`/proc/${pid}/ns/pid`).catch(() => '');
}

/** Zombies have no namespace any more. */
export async function processesOf(namespace: string): Promise<number[]> {
  if (namespace === '') return [];
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const namespaces = await Promise.all(pids.map(namespaceOf));
  return pids.filter((_, i) => namespaces[i] === namespace).map(Number);
}

export type PowerSwitch = {
  readonly agent: string;
  readonly skip: string | false;
  /** Starts the device for a host, and says how to fence it with it. */
  readonly attach: (stack: AsyncDisposableStack, host: LabHost) => Promise<FenceDevice>;
};

const ipmi: PowerSwitch = {
  agent: 'fence_ipmilan',
  skip: needs({ programs: ['ipmi_sim', 'fence_ipmilan', 'ipmitool'] }),
  attach: async (stack, host) => {
    const port = await freeUdpPort();
    const login = { username: 'admin', password: PASSWORD };
    const directory = await makeDirectory(stack);
    const where = { directory, host: host.directory, address: '127.0.0.1', port };
    const bmc = await startIpmiBmc({ ...where, ...login });
    stack.defer(() => bmc.stop());
    return device('fence_ipmilan', {
      ...login,
      ip: '127.0.0.1',
      ipport: String(port),
      lanplus: '1',
      cipher: '3',
      power_wait: '0',
    });
  },
};

const powerman: PowerSwitch = {
  agent: 'fence_powerman',
  skip: needs({ programs: ['powermand', 'powerman', 'fence_powerman'] }),
  attach: async (stack, host) => {
    const port = await freeTcpPort();
    const daemon = await startPowerman({
      directory: await makeDirectory(stack),
      hosts: join(host.directory, '..'),
      names: ['oss1'],
      address: '127.0.0.1',
      port,
    });
    stack.defer(() => daemon.stop());
    const quick = { delay: '0', power_wait: '0' };
    return device('fence_powerman', {
      ip: '127.0.0.1',
      ipport: String(port),
      plug: 'oss1',
      ...quick,
    });
  },
};

const redfish: PowerSwitch = {
  agent: 'fence_redfish',
  skip: needs({ programs: ['openssl', 'fence_redfish'] }),
  attach: async (stack, host) => {
    const login = { username: 'admin', password: PASSWORD };
    const service = await startRedfish({
      directory: await makeDirectory(stack),
      address: '127.0.0.1',
      port: 0,
      systems: new Map([['oss1', host.directory]]),
      ...login,
    });
    stack.defer(() => service.stop());
    return device('fence_redfish', {
      ...login,
      ip: '127.0.0.1',
      ipport: String(service.port),
      ssl_insecure: '1',
      power_wait: '0',
    });
  },
};

const processes: PowerSwitch = {
  agent: 'fence_process',
  skip: false,
  attach: async (_, host) => device(join(BMC, 'fence_process'), { directory: host.directory }),
};

export const POWER_SWITCHES = [ipmi, powerman, redfish, processes];

export function device(agent: string, parameters: Record<string, string>): FenceDevice {
  return {
    name: 'oss1/test',
    agent,
    parameters: new Map(Object.entries(parameters)),
    secrets: [PASSWORD],
    timeoutMs: 15_000,
    retries: 0,
  };
}

export async function freeTcpPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  assert.ok(address !== null && typeof address === 'object');
  return address.port;
}

export async function freeUdpPort(): Promise<number> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  await once(socket, 'close');
  return port;
}

export async function eventually(condition: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!(await condition().catch(() => false))) {
    if (performance.now() > deadline) assert.fail('did not come true within 10 s');
    await sleep(10);
  }
}
