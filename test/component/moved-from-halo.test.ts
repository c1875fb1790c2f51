// SPDX-License-Identifier: Apache-2.0
/** Moving over from HALO: its settings, its configuration and its statefile, with real daemons. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { needs } from '../needs.ts';
import { Cluster, DEADLINE_MS, until, type Daemon } from './manager-cluster.ts';

const AUREOLE = join(import.meta.dirname, '..', '..', 'src', 'cli', 'main.ts');
const skip = needs({ root: true, programs: ['unshare', 'mount'] });

type Ended = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

/** Under an /etc of its own, which holds HALO's sysconfig file and no other settings. */
class HaloMachine {
  readonly #sysconfig: string;

  constructor(sysconfig: string) {
    this.#sysconfig = sysconfig;
  }

  spawn(...words: readonly string[]) {
    const script =
      'mount -t tmpfs tmpfs /etc && mkdir /etc/sysconfig && echo 127.0.0.1 localhost >/etc/hosts && printf %s "$1" >/etc/sysconfig/halo && shift && exec "$@"';
    const program = [process.execPath, AUREOLE, ...words];
    return spawn('unshare', ['--mount', 'sh', '-c', script, 'sh', this.#sysconfig, ...program], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env['PATH'] },
    });
  }

  async run(...words: readonly string[]): Promise<Ended> {
    return ended(this.spawn(...words));
  }

  /** A daemon; it ends with the test. */
  async start(
    stack: AsyncDisposableStack,
    words: readonly string[],
    wanted: string,
  ): Promise<string> {
    const daemon = this.spawn(...words);
    let said = '';
    for (const stream of [daemon.stdout, daemon.stderr]) {
      stream.on('data', (chunk: Buffer) => void (said += chunk.toString()));
    }
    const exit = new Promise<void>((resolve) => void daemon.once('close', () => resolve()));
    stack.defer(async () => {
      daemon.kill('SIGKILL');
      await exit;
    });
    await until(
      () => `${wanted}: ${said}`,
      () => said.includes(wanted) || undefined,
    );
    return said;
  }
}

async function ended(child: ReturnType<HaloMachine['spawn']>): Promise<Ended> {
  const timer = setTimeout(() => child.kill('SIGKILL'), DEADLINE_MS);
  const exit = new Promise<number | null>((resolve) => void child.once('close', resolve));
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const code = await exit;
  clearTimeout(timer);
  return { code, stdout, stderr };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => void server.close(resolve));
  assert.ok(typeof address === 'object' && address !== null);
  return address.port;
}

test("with HALO's sysconfig file in place all of them find what it names", { skip }, async () => {
  await using cluster = new Cluster();
  const { folder } = cluster;
  const port = await freePort();
  const config = join(folder, 'halo.conf');
  writeFileSync(
    config,
    `hosts: [{ hostname: localhost, fence_agent: null, fence_parameters: null }]
resources: [{ name: disk, kind: test/Service, parameters: {}, dependents: [] }]
resource_groups: [{ root: disk, home_host: localhost, failover_hosts: [] }]
`,
  );
  const halo = new HaloMachine(
    `HALO_CONFIG=${config}\nHALO_PORT="${port}"\nHALO_NET=127.0.0.0/8\nHALO_SOCKET='${folder}/halo.socket'\nHALO_LOG=debug\n`,
  );
  await using stack = new AsyncDisposableStack();
  const run = ['--run-directory', join(folder, 'run')];
  const agent = await halo.start(stack, ['agent', '--name', 'localhost', ...run], 'listening');
  assert.match(agent, new RegExp(`"address":"127.0.0.1","port":${port}`));
  const validated = await halo.run('validate');
  assert.equal(validated.code, 0, validated.stderr);
  assert.match(validated.stdout, new RegExp(`localhost {2}localhost port ${port}`));
  const journal = ['--journal', join(folder, 'journal.db')];
  await halo.start(stack, ['manager', ...journal], 'the manager has started');
  await until('the host online', async () => {
    const { stdout } = await halo.run('status', '--json');
    return stdout.includes('"status": "online"') || undefined;
  });
});

test('a network that this host has no part in is named, and a broken file', { skip }, async () => {
  const net = await new HaloMachine('HALO_NET=10.254.253.0/24\n').run('agent');
  assert.equal(net.code, 1);
  assert.match(
    net.stderr,
    /in the network 10\.254\.253\.0\/24 \(HALO_NET in \/etc\/sysconfig\/halo:1\)/,
  );
  const broken = await new HaloMachine('# ours\nexport HALO_PORT=1\n').run('agent');
  assert.equal(broken.code, 64);
  assert.match(broken.stderr, /^\/etc\/sysconfig\/halo:2: export has no meaning here: remove/);
});

async function aureole(cluster: Cluster, ...words: readonly string[]): Promise<Ended> {
  const env = { ...process.env, AUREOLE_SOCKET: join(cluster.folder, 'manager.sock') };
  const stdio = ['ignore', 'pipe', 'pipe'] as const;
  return ended(spawn(process.execPath, [AUREOLE, ...words], { stdio: [...stdio], env }));
}

function configuration(cluster: Cluster): string {
  const host = (name: string): string => `
  - hostname: ${name}:${cluster.portOf(name)}
    address: 127.0.0.1
    fencing: [[{ name: power, agent: ${cluster.fenceProgram}, parameters: { plug: ${name}, password: s3cret } }]]`;
  return `
hosts: ${host('oss1')} ${host('oss2')}
resources:
  - { name: disk, kind: test/Service, parameters: { id: 1 }, monitor_interval: 300ms }
  - { name: pool, kind: test/Service, parameters: { id: 2 }, monitor_interval: 300ms }
resource_groups:
  - { root: disk, home_host: oss1, failover_hosts: [oss2] }
  - { root: pool, home_host: oss2, failover_hosts: [oss1] }
ha: { mode: manage, heartbeat_timeout: 2s, fencing: { timeout: 5s, check: 1s } }
`;
}

async function runningCluster(cluster: Cluster): Promise<{ config: string; manager: Daemon }> {
  await cluster.startAgent('oss1');
  await cluster.startAgent('oss2');
  const config = configuration(cluster);
  const manager = await cluster.startManager(config);
  await cluster.untilStatus('both groups run', (status) =>
    [cluster.runsOn('disk', 'oss1'), cluster.runsOn('pool', 'oss2')].every((runs) => runs(status)),
  );
  return { config, manager };
}

test('a file is compared with what the running manager uses', async () => {
  await using cluster = new Cluster();
  const { config } = await runningCluster(cluster);
  const path = join(cluster.folder, 'manager.yaml');
  const same = await aureole(cluster, 'validate', '--config', path, '--against-running');
  assert.equal(same.code, 0, same.stderr);
  assert.match(same.stdout, /^the running manager uses what .*manager\.yaml says/);
  const changed = config.replace('id: 2', 'id: 3').replace('s3cret', 'changed');
  writeFileSync(path, changed);
  const other = await aureole(cluster, 'validate', '--config', path, '--against-running');
  assert.equal(other.code, 1);
  assert.match(other.stdout, /^resource pool\n {2}~ parameter id: 2 -> 3$/m);
  const json = await aureole(cluster, 'validate', '--config', path, '--against-running', '--json');
  assert.doesNotMatch(other.stdout + json.stdout, /s3cret|changed/);
});

test("HALO's flags hold from the next start of the manager on, and move nothing", async () => {
  await using cluster = new Cluster();
  const { config, manager } = await runningCluster(cluster);
  const state = join(cluster.folder, 'halo.state');
  writeFileSync(
    state,
    '2026-03-01T10:00:00\tunmanage\tpool\tdisk swap\n2026-03-01T11:00:00\tfence\toss1\tno heartbeat\n',
  );
  const files = ['--config', join(cluster.folder, 'manager.yaml')];
  const importing = ['import', 'halo-state', state, ...files];
  const journal = ['--journal', join(cluster.folder, 'manager.db')];
  const busy = await aureole(cluster, ...importing, ...journal);
  assert.deepEqual([busy.code, busy.stderr], [3, '']);
  assert.match(busy.stdout, /a manager uses this journal: stop the manager, import/);
  await manager.end('SIGTERM');
  const done = await aureole(cluster, ...importing, ...journal);
  assert.equal(done.code, 0, done.stdout + done.stderr);
  await cluster.startManager(config);
  const status = await cluster.untilStatus('both groups are seen', (now) =>
    [cluster.runsOn('disk', 'oss1'), cluster.runsOn('pool', 'oss2')].every((runs) => runs(now)),
  );
  assert.deepEqual(
    status.groups.map(({ managed }) => managed),
    [true, false],
  );
  assert.deepEqual(
    status.hosts.map(({ status: contact, armed }) => [contact, armed]),
    [
      ['online', false],
      ['online', true],
    ],
  );
  assert.equal(cluster.told('disk', 'oss1'), 'start');
  const events = await cluster.events();
  const imported = events.filter(({ text: words }) => words.endsWith('(imported from HALO)'));
  assert.deepEqual(
    imported.map(({ name, time }) => [name, time]),
    [
      ['ha.order.unmanage', new Date('2026-03-01T10:00:00').toISOString()],
      ['ha.halo.fence', new Date('2026-03-01T11:00:00').toISOString()],
    ],
  );
});
