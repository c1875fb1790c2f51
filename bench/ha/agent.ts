// SPDX-License-Identifier: Apache-2.0
/**
 * What an agent costs its host: as installed, asked by a real manager with TLS on both sides, with
 * nothing to watch, and with twenty resources. Memory and CPU time are the agent's own process; what
 * it runs is told beside them.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { haClient } from '../../src/ha/client.ts';
import type { Bench, BenchOptions } from '../bench.ts';
import { rounded, type Figure } from '../figure.ts';
import { Installation } from './installation.ts';
import { costOf, type ProcessCost } from './process-cost.ts';

const RESOURCES = 20;
const RUNNING_MS = 60_000;
/** What a start costs is over by then, and what runs often has been compiled. */
const SETTLE_MS = 90_000;
const WINDOW_MS = 60_000;
const QUICK_MS = 5_000;

const IDLE_MEMORY_MB = 65;
const IDLE_CPU_PERCENT = 0.2;
const BUSY_CPU_PERCENT = 0.8;

type Load = { readonly resources: number; readonly heartbeatTimeout: string };

type Cost = {
  /** Of a core. */
  readonly cpuPercent: number;
  readonly childrenCpuPercent: number;
  readonly end: ProcessCost;
};

export const agentBench: Bench = {
  name: 'agent',
  about: 'memory and CPU time of an agent, idle and with 20 resources; 11 minutes',
  run: measure,
};

async function measure(options: BenchOptions): Promise<readonly Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'aureole-bench-agent-'));
  try {
    options.say('building what is installed');
    const site = new Site(folder, options);
    const idle = await site.cost({ resources: 0, heartbeatTimeout: '10s' });
    const fast = await site.cost({ resources: 0, heartbeatTimeout: '1s' });
    const busy = await site.cost({ resources: RESOURCES, heartbeatTimeout: '10s' });
    const busyFast = await site.cost({ resources: RESOURCES, heartbeatTimeout: '1s' });
    return [
      memory('agent-idle-memory', idle),
      cpu('agent-idle-cpu', idle, fast, IDLE_CPU_PERCENT),
      memory('agent-20-dummies-memory', busy),
      cpu('agent-20-dummies-cpu', busy, busyFast, BUSY_CPU_PERCENT),
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function memory(figure: string, { end }: Cost): Figure {
  const value = rounded(end.residentMb);
  const note = `VmRSS; at its most ${rounded(end.residentMbMax)} MB`;
  const bar = `<= ${IDLE_MEMORY_MB} MB`;
  return { figure, value, unit: 'MB', runs: 1, bar, holds: value <= IDLE_MEMORY_MB, note };
}

/** The bar is for the usual heartbeat_timeout; what it costs to be asked ten times as often is told. */
function cpu(figure: string, usual: Cost, fast: Cost, max: number): Figure {
  const value = rounded(usual.cpuPercent);
  const ran = `what it ran: ${rounded(usual.childrenCpuPercent)} %`;
  const note = `the agent's own; ${ran}; at heartbeat_timeout 1s: ${rounded(fast.cpuPercent)} %`;
  const bar = `<= ${max} % of a core`;
  return { figure, value, unit: '% of a core', runs: 1, bar, holds: value <= max, note };
}

/** A place with an authority, one host and a manager. */
class Site {
  readonly #folder: string;
  readonly #options: BenchOptions;
  readonly #installed: Installation;
  readonly #authority: string;
  #loads = 0;

  constructor(folder: string, options: BenchOptions) {
    this.#folder = folder;
    this.#options = options;
    this.#installed = new Installation(folder);
    this.#authority = join(folder, 'ca');
    const pki = (verb: string, ...words: string[]): void =>
      this.#installed.run('aureole', 'pki', verb, '--directory', this.#authority, ...words);
    pki('init');
    pki('issue', 'oss1', '--manager', 'mgmt1');
  }

  async cost(load: Load): Promise<Cost> {
    this.#loads += 1;
    const { say, quick } = this.#options;
    say(`${load.resources} resources, heartbeat_timeout ${load.heartbeatTimeout}`);
    const folder = join(this.#folder, `load-${this.#loads}`);
    const where = ['--name', 'oss1', '--listen', '127.0.0.1:0', '--run-directory', folder];
    const words = [...where, ...this.#identity('host', 'oss1')];
    await using agent = await this.#installed.start('aureole-agent', words, /"listening"/);
    const port = /"port":(\d+)/.exec(agent.said)?.[1] ?? '';
    const socket = `${folder}.sock`;
    const files = ['--config', `${folder}.yaml`, '--socket', socket, '--journal', `${folder}.db`];
    writeFileSync(`${folder}.yaml`, configuration(port, load));
    const asks = ['manager', ...files, ...this.#identity('manager', 'mgmt1')];
    await using _manager = await this.#installed.start('aureole', asks, /has started/);
    await allRun(socket, load.resources);
    await sleep(quick ? QUICK_MS : SETTLE_MS);
    const begin = costOf(agent.pid);
    const beganAt = performance.now();
    await sleep(quick ? QUICK_MS : WINDOW_MS);
    const end = costOf(agent.pid);
    const percent = 100 / (performance.now() - beganAt);
    return {
      cpuPercent: (end.cpuMs - begin.cpuMs) * percent,
      childrenCpuPercent: (end.childrenCpuMs - begin.childrenCpuMs) * percent,
      end,
    };
  }

  #identity(role: 'host' | 'manager', name: string): readonly string[] {
    const at = (file: string): string => join(this.#authority, `${role}s`, name, file);
    const pair = ['--cert', at(`${role}.crt`), '--key', at(`${role}.key`)];
    return [...pair, '--ca', at('ca.crt'), '--crl', at('crl.pem')];
  }
}

function configuration(port: string, { resources, heartbeatTimeout }: Load): string {
  const names = Array.from({ length: resources }, (_, index) => `dummy${index}`);
  return JSON.stringify({
    hosts: [{ hostname: `oss1:${port}`, address: '127.0.0.1' }],
    resources: names.map((name) => ({ name, kind: 'heartbeat/Dummy' })),
    resource_groups: names.map((root) => ({ root, home_host: 'oss1', failover_hosts: [] })),
    ha: { mode: 'manage', heartbeat_timeout: heartbeatTimeout, monitor_interval: '5s' },
  });
}

async function allRun(socket: string, resources: number): Promise<void> {
  const late = AbortSignal.timeout(RUNNING_MS);
  const api = haClient(socket);
  for (;;) {
    const { groups, hosts } = await api.status(late);
    const running = groups.filter(({ status }) => status === 'running').length;
    if (running === resources && hosts.every(({ status }) => status === 'online')) return;
    await sleep(200, undefined, { signal: late });
  }
}
