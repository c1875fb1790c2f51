// SPDX-License-Identifier: Apache-2.0
/**
 * A large cluster on the loopback: the real manager with a real configuration and certificates, and as
 * many agents. Hosts stand in pairs, each the other's failover host; a fence device of each says on.
 */
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { haClient, type HaApi } from '../../src/ha/client.ts';
import type { EventView, Status } from '../../src/ha/contract.ts';
import { Installation, type Daemon } from './installation.ts';
import { makeAuthority } from './scale-authority.ts';
import { startCrowd, type CrowdMember } from './scale-crowd.ts';

const PORT = 8_000;
const GROUPS_PER_HOST = 4;
const RESOURCES_PER_GROUP = 2;
const START_MS = 60_000;
const RUNNING_MS = 300_000;

/** Says what a healthy host's power switch says, at once. */
const FENCE = `#!/bin/sh
test "$1" = -o && action=metadata
test "$1" = -o || while read -r line; do case $line in action=*) action=\${line#action=} ;; esac; done
case $action in
  metadata) echo '<resource-agent><actions><action name="on"/><action name="off"/><action name="status"/></actions></resource-agent>' ;;
  status) echo 'Status: ON' ;;
  *) exit 1 ;;
esac
`;

export class ScaleCluster implements AsyncDisposable {
  readonly client: HaApi;
  readonly #manager: Daemon;
  readonly #stack: AsyncDisposableStack;

  static async start(
    size: number,
    crowds: number,
    say: (text: string) => void,
  ): Promise<ScaleCluster> {
    await using stack = new AsyncDisposableStack();
    const folder = await mkdtemp(join(tmpdir(), 'aureole-scale-'));
    stack.defer(() => rm(folder, { recursive: true, force: true }));
    const members = Array.from({ length: size }, (_, index) => memberOf(index));
    say(`the packages, and certificates for ${size} hosts`);
    const installation = new Installation(folder);
    const hosts = members.map(({ host }) => host);
    const { managerFlags, hostFiles } = await makeAuthority(folder, hosts);
    say(`${size} agents in ${crowds} processes`);
    const shares = Array.from({ length: crowds }, (_, share) =>
      members.filter((__, index) => index % crowds === share),
    );
    await Promise.all(
      shares.map((agents) => startCrowd({ agents, port: PORT, files: hostFiles }, stack)),
    );
    const at = (file: string): string => join(folder, file);
    await writeFile(at('fence_bench'), FENCE);
    await chmod(at('fence_bench'), 0o755);
    const config = configOf(members, at('fence_bench'));
    await writeFile(at('aureole.yaml'), config, { mode: 0o600 });
    const files = ['--config', at('aureole.yaml'), '--socket', at('manager.sock')];
    const words = ['manager', ...files, '--journal', at('journal.db'), ...managerFlags];
    const manager = stack.use(
      await installation.start('aureole', words, /the manager has started/),
    );
    return new ScaleCluster(folder, manager, stack.move());
  }

  private constructor(folder: string, manager: Daemon, stack: AsyncDisposableStack) {
    this.client = haClient(join(folder, 'manager.sock'));
    this.#manager = manager;
    this.#stack = stack;
  }

  get managerPid(): number {
    return this.#manager.pid;
  }

  /** The newest of them: whatever somebody should look at. */
  warnings(): Promise<readonly EventView[]> {
    const query = { limit: 1_000, severity: 'warning' } as const;
    return this.client.events(query, AbortSignal.timeout(START_MS));
  }

  /** Until every group runs and every fence device is proven. */
  async untilWell(): Promise<void> {
    const end = performance.now() + RUNNING_MS;
    for (;;) {
      const unfit = unfitOf(await this.client.status(AbortSignal.timeout(START_MS)));
      if (unfit.length === 0) return;
      if (performance.now() > end) throw new Error(`not well in time: ${unfit.slice(0, 5).join()}`);
      await sleep(1_000);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

/** What does not run yet, or cannot be fenced yet. */
export function unfitOf({ hosts, groups }: Status): string[] {
  const unproven = hosts.filter(
    ({ status, devices }) =>
      status !== 'online' || devices.some((device) => device.trust !== 'proven'),
  );
  const down = groups.filter(({ status }) => status !== 'running');
  return [...unproven, ...down].map(({ name }) => name);
}

function memberOf(index: number): CrowdMember {
  const host = `oss${String(index + 1).padStart(4, '0')}`;
  return { host, address: `127.77.${index >> 8}.${index & 255}` };
}

function configOf(members: readonly CrowdMember[], fence: string): string {
  const hosts = members.map(
    ({ host, address }) =>
      `  - { hostname: '${host}:${PORT}', address: ${address}, fencing: [[{ name: power, agent: ${fence}, parameters: { plug: ${host} } }]] }`,
  );
  const groups: string[] = [];
  const resources: string[] = [];
  for (const [index, { host }] of members.entries()) {
    const partner = members[index ^ 1]?.host ?? host;
    for (let group = 0; group < GROUPS_PER_HOST; group++) {
      const names = Array.from(
        { length: RESOURCES_PER_GROUP },
        (_, level) => `${host}-ost${group}-${level}`,
      );
      for (const [level, name] of names.entries()) {
        const below = names[level + 1];
        const dependents = below === undefined ? '' : `, dependents: [${below}]`;
        resources.push(
          `  - { name: ${name}, kind: heartbeat/Dummy, parameters: { state: /run/${name} }${dependents} }`,
        );
      }
      groups.push(`  - { root: ${names[0]}, home_host: ${host}, failover_hosts: [${partner}] }`);
    }
  }
  return `hosts:
${hosts.join('\n')}
resources:
${resources.join('\n')}
resource_groups:
${groups.join('\n')}
ha: { mode: manage, heartbeat_timeout: 1s, monitor_interval: 5s }
`;
}
