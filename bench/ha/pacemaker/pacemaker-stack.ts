// SPDX-License-Identifier: Apache-2.0
/**
 * Pacemaker and corosync on two lab hosts, in the settings that suit them best; README.md beside the
 * bench says which and why.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LabHost } from '../../../src/lab/host.ts';
import type { LabBmc } from '../../../src/lab/bmc/lab-bmc.ts';
import { Lab } from '../../../src/lab/lab.ts';
import { ActLog } from './act-log.ts';
import {
  FENCE_CHECK_SECONDS,
  installDummy,
  MONITOR_SECONDS,
  parametersOf,
  RESOURCES,
  SURVIVOR,
  VICTIM,
  waitUntil,
  type Stack,
} from './stack.ts';

const PROGRAM = join(import.meta.dirname, 'pacemaker-host.sh');
const CREDENTIALS = { username: 'admin', password: 'lab-password' };
const ADDRESSES = new Map([
  [SURVIVOR, '10.77.0.1'],
  [VICTIM, '10.77.0.2'],
]);
const TOKEN_MS = 1_000;

export class PacemakerStack implements Stack {
  readonly name = 'pacemaker';
  readonly daemons = /^(?:corosync|pacemaker.*)$/;
  readonly victim: LabHost;
  readonly survivor: LabHost;
  readonly acts: ActLog;
  readonly #lab: Lab;

  private constructor(lab: Lab) {
    this.#lab = lab;
    this.acts = new ActLog(join(lab.directory, 'acts.log'), RESOURCES);
    installDummy(lab);
    this.survivor = this.#host(SURVIVOR);
    this.victim = this.#host(VICTIM);
  }

  static async open(directory: string): Promise<PacemakerStack> {
    const lab = await Lab.open(directory);
    try {
      const stack = new PacemakerStack(lab);
      await stack.#start();
      return stack;
    } catch (error) {
      await lab[Symbol.asyncDispose]();
      throw error;
    }
  }

  async whyNotWhole(): Promise<string | undefined> {
    const { online, startedFences, isIdle } = await this.#cluster();
    if (online.length < 2) return `online: ${online.join(', ')}`;
    if (startedFences < 2) return `${startedFences} fence devices are started`;
    return isIdle ? undefined : 'the controller is not idle';
  }

  /** It brings them home by itself, as soon as their host may have them. */
  async bringHome(): Promise<void> {
    await this.survivor.run('crm_standby', ['--node', VICTIM, '--update', 'off']);
  }

  async orderAway(): Promise<void> {
    await this.survivor.run('crm_standby', ['--node', VICTIM, '--update', 'on']);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#lab[Symbol.asyncDispose]();
  }

  #host(name: string): LabHost {
    const disk = join(this.#lab.directory, 'pacemaker', name);
    mkdirSync(join(disk, 'etc'), { recursive: true });
    writeFileSync(join(disk, 'etc', 'corosync.conf'), corosyncConfiguration());
    const command = [PROGRAM, disk, this.#lab.ocfRoot];
    return this.#lab.host({ name, address: ADDRESSES.get(name) ?? '', command });
  }

  /** The survivor first, so that it is the designated controller and no fault costs an election. */
  async #start(): Promise<void> {
    const bmcs = new Map([
      [SURVIVOR, await this.#lab.bmc(this.survivor, CREDENTIALS)],
      [VICTIM, await this.#lab.bmc(this.victim, CREDENTIALS)],
    ]);
    await this.survivor.powerOn();
    await waitUntil('the survivor is the designated controller', async () => {
      return (await this.#cluster()).isIdle ? undefined : 'it is not idle';
    });
    await this.victim.powerOn();
    await waitUntil('both hosts are online', async () => {
      const { online } = await this.#cluster();
      return online.length === 2 ? undefined : `online: ${online.join(', ')}`;
    });
    const file = join(this.#lab.directory, 'cluster.crm');
    writeFileSync(file, clusterConfiguration(bmcs, this.acts), { mode: 0o600 });
    await this.survivor.run('crm', ['--force', 'configure', 'load', 'update', file]);
  }

  /** What it says of itself; nothing while it does not answer yet. */
  async #cluster(): Promise<ClusterView> {
    const ask = async (program: string, args: readonly string[]): Promise<string> =>
      await this.survivor.run(program, args).catch(() => '');
    const [monitor, controller] = await Promise.all([
      ask('crm_mon', ['--one-shot', '--output-as', 'xml', '--inactive']),
      ask('crmadmin', ['--status', SURVIVOR]),
    ]);
    return { ...readMonitor(monitor), isIdle: controller.includes('S_IDLE') };
  }
}

type ClusterView = {
  /** Whole members, without a reservation. */
  readonly online: readonly string[];
  readonly startedFences: number;
  readonly isIdle: boolean;
};

function readMonitor(xml: string): Omit<ClusterView, 'isIdle'> {
  const well = ['online="true"', 'standby="false"', 'unclean="false"', 'pending="false"'];
  // Where a resource runs is a node, too, but no member.
  const online = [...xml.matchAll(/<node name="([^"]+)"[^>]*type="member"[^>]*>/g)]
    .filter(([tag]) => well.every((word) => tag.includes(word)))
    .map(([, name = '']) => name);
  const fences = [...xml.matchAll(/<resource id="fence-[^>]*role="Started"[^>]*>/g)];
  return { online, startedFences: fences.length };
}

function corosyncConfiguration(): string {
  const nodes = [...ADDRESSES].map(
    ([name, address], i) => `  node {
    ring0_addr: ${address}
    name: ${name}
    nodeid: ${i + 1}
  }
`,
  );
  return `totem {
  version: 2
  cluster_name: bench
  transport: knet
  crypto_cipher: none
  crypto_hash: none
  token: ${TOKEN_MS}
}
quorum {
  provider: corosync_votequorum
  two_node: 1
}
logging {
  to_stderr: yes
  to_syslog: no
  timestamp: hires
}
nodelist {
${nodes.join('')}}
`;
}

/** In the language of crmsh. */
function clusterConfiguration(bmcs: ReadonlyMap<string, LabBmc>, acts: ActLog): string {
  const fences = [...bmcs].flatMap(([host, { address, port, username, password }]) => [
    `primitive fence-${host} stonith:fence_ipmilan params ip=${address} ipport=${port} username=${username} password=${password} lanplus=1 cipher=3 power_wait=0 pcmk_host_list=${host} pcmk_reboot_action=off op monitor interval=${FENCE_CHECK_SECONDS}s`,
    `location fence-${host}-elsewhere fence-${host} -inf: ${host}`,
  ]);
  const resources = RESOURCES.flatMap((name) => [
    `primitive ${name} ocf:bench:Dummy params ${paramsOf(name, acts)} op monitor interval=${MONITOR_SECONDS}s timeout=20s`,
    `location ${name}-home ${name} 100: ${VICTIM}`,
  ]);
  return `${['property stonith-enabled=true', ...fences, ...resources].join('\n')}\n`;
}

function paramsOf(resource: string, acts: ActLog): string {
  const parameters = Object.entries(parametersOf(resource, acts));
  return parameters.map(([name, value]) => `${name}=${value}`).join(' ');
}
