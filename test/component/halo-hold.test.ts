// SPDX-License-Identifier: Apache-2.0
/** HALO's manager and one of ours at one agent: who may do what, and what each sees of the other. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { AgentHost, resource, until } from './agent-host.ts';
import { Cluster } from './manager-cluster.ts';
import { HaloPeer, MONITOR, START, STOP, withPeer, type PeerCall } from './halo-peer/halo-peer.ts';

const peer = withPeer.skip === false ? new HaloPeer() : undefined;
after(() => peer?.[Symbol.dispose]());

const HALO = ['--halo-compat', '127.0.0.1:0'];
const TANK = { pool: 'tank' };
/** A script without meta-data. */
const PLAIN = '[ "$1" = meta-data ] && exit 3';
/** Its start ends when the file `go` is there. */
const SLOW = `${PLAIN}
[ "$1" = monitor ] && { [ -e go ] || exit 7; exit 0; }
echo begun >begun
while [ ! -e go ]; do sleep 0.02; done`;

async function ask(host: AgentHost, ...calls: PeerCall[]): Promise<string[]> {
  assert.ok(peer !== undefined);
  return await peer.call(host.haloPort, ...calls);
}

/** As a manager of ours that manages, or only watches. */
async function watch(host: AgentHost, holds: boolean, ...scripts: string[]): Promise<void> {
  const resources = scripts.map((script) => ({ ...resource(script, TANK), intervalMs: 200 }));
  const { status } = await host.ask('PUT', '/v1/watch', { epoch: host.epoch, holds, resources });
  assert.equal(status, 200);
}

test(
  'HALO may start and stop until a manager of ours holds the host, and look always',
  withPeer,
  async () => {
    await using host = new AgentHost();
    host.script('says', `${PLAIN}; echo "$1" >>done`);
    await host.start(...HALO);
    const start: PeerCall = ['test/says', START, TANK];
    const stop: PeerCall = ['test/says', STOP, TANK];
    const monitor: PeerCall = ['test/says', MONITOR, TANK];
    const held =
      /^err An Aureole manager manages this host, so HALO may only look.*ha.mode to observe/;

    assert.deepEqual(await ask(host, start), ['ok']);
    await watch(host, false);
    assert.deepEqual(await ask(host, stop), ['ok']);
    await watch(host, true);
    for (const answer of await ask(host, start, stop)) assert.match(answer, held);
    assert.deepEqual(await ask(host, monitor), ['ok']);

    await host.end('SIGKILL');
    await host.start(...HALO);
    assert.match((await ask(host, start))[0] ?? '', held, 'also after a restart of the agent');
    await watch(host, false);
    assert.deepEqual(await ask(host, start), ['ok']);
    assert.equal(host.read('done'), 'start\nstop\nmonitor\nstart\n');
  },
);

test('a manager that does not say whether it holds the host does', withPeer, async () => {
  await using host = new AgentHost();
  await host.start(...HALO);
  await host.watch();
  assert.match((await ask(host, ['test/none', START]))[0] ?? '', /^err An Aureole manager/);
});

test('what is first heard of a boot is said by a host that is held', withPeer, async () => {
  await using host = new AgentHost();
  await host.start(...HALO);
  const question = { epoch: host.epoch, holds: true, cursor: 0, waitMs: 0 };
  const { status } = await host.ask('POST', '/v1/poll', question);
  assert.equal(status, 200);
  assert.match((await ask(host, ['test/none', START]))[0] ?? '', /^err An Aureole manager/);
});

test(
  'a start of HALO without parameters is seen by every resource of that script without',
  withPeer,
  async () => {
    await using host = new AgentHost();
    assert.ok(peer !== undefined);
    host.script('slow', SLOW);
    await host.start(...HALO);
    const plain = { ...resource('slow'), name: 'disk' };
    const list = { epoch: host.epoch, resources: [{ ...plain, intervalMs: 200 }] };
    const caller = peer.begin(host.haloPort, ['test/slow', START]);
    await host.untilFile('begun');
    assert.equal((await host.ask('PUT', '/v1/watch', list)).status, 200);
    await host.untilSeen('disk', ({ alive }) => alive.includes('start'));
    const { outcome } = await host.operate('monitor', plain);
    assert.equal(outcome?.type, 'not-run', 'it does not say that it is stopped');
    writeFileSync(join(host.folder, 'go'), '');
    await host.untilSeen('disk', ({ alive, exit }) => alive.length === 0 && exit === 0);
    if (caller.exitCode === null) await once(caller, 'exit');
  },
);

test(
  'what HALO has begun is seen by ours, under our own name, and not run beside',
  withPeer,
  async () => {
    await using host = new AgentHost();
    assert.ok(peer !== undefined);
    host.script('slow', SLOW);
    await host.start(...HALO);
    await watch(host, false, 'slow');
    await host.untilSeen('slow', ({ exit }) => exit === 7);
    const caller = peer.begin(host.haloPort, ['test/slow', START, TANK]);
    await host.untilFile('begun');
    const seen = await host.untilSeen('slow', ({ alive }) => alive.includes('start'));
    assert.equal(seen.exit, undefined, 'what was seen before is worth nothing');
    for (const operation of ['start', 'stop', 'monitor'] as const) {
      const { outcome } = await host.operate(operation, resource('slow', TANK));
      assert.equal(
        outcome?.type === 'not-run' && outcome.text,
        'A start of slow is under way on this host.',
      );
    }
    // HALO is gone; its script is not.
    caller.kill('SIGKILL');
    await once(caller, 'exit');
    await host.end('SIGKILL');
    await host.start(...HALO);
    await watch(host, true, 'slow');
    const { outcome } = await host.operate('stop', resource('slow', TANK));
    assert.equal(outcome?.type, 'not-run', 'also after a restart of the agent');
    writeFileSync(join(host.folder, 'go'), '');
    await host.untilSeen('slow', ({ alive, exit }) => alive.length === 0 && exit === 0);
  },
);

test("HALO's start beside one of ours is an error, and its monitor waits", withPeer, async () => {
  await using host = new AgentHost();
  host.script('slow', SLOW);
  await host.start(...HALO);
  const ours = host.operate('start', resource('slow', TANK));
  await host.untilFile('begun');
  assert.match(
    (await ask(host, ['test/slow', STOP, TANK]))[0] ?? '',
    /^err A start of halo:test\/slow:\w+ is under way on this host/,
  );
  const monitor = ask(host, ['test/slow', MONITOR, TANK], ['test/slow', MONITOR, { pool: 'b' }]);
  await until('the other monitor', async () =>
    (await host.outputs()).find(({ operation }) => operation === 'monitor'),
  );
  writeFileSync(join(host.folder, 'go'), '');
  assert.deepEqual((await monitor)[0], 'ok');
  assert.equal((await ours).outcome?.type, 'exited');
});

test('watching by both does not keep one from looking', withPeer, async () => {
  await using host = new AgentHost();
  host.script('slow', `${PLAIN}; sleep 0.15`);
  await host.start(...HALO);
  await watch(host, false, 'slow');
  const monitors = Array.from({ length: 8 }, (): PeerCall => ['test/slow', MONITOR, TANK]);
  assert.deepEqual(
    await ask(host, ...monitors),
    monitors.map(() => 'ok'),
  );
  const { endedMsAgo } = await host.untilSeen('slow', ({ exit }) => exit === 0);
  assert.ok((endedMsAgo ?? Infinity) < 5_000);
});

test("HALO's test harness finds the agent by its PID file", withPeer, async () => {
  await using host = new AgentHost();
  const directory = join(host.folder, 'test');
  mkdirSync(directory);
  host.script('names', 'echo "$HALO_TEST_DIRECTORY/$HALO_TEST_ID" >&2; exit 1');
  process.env['HALO_TEST_DIRECTORY'] = directory;
  try {
    await host.start(...HALO, '--test-id', 'failover_0');
  } finally {
    delete process.env['HALO_TEST_DIRECTORY'];
  }
  const file = join(directory, 'failover_0.pid');
  assert.equal(readFileSync(file, 'utf8').trim(), String(host.pid));
  assert.deepEqual(await ask(host, ['test/names', MONITOR]), [
    `failed 1 ${directory}/failover_0\\n`,
  ]);
  await host.end('SIGTERM');
  assert.ok(!existsSync(file));
});

test('a real manager holds the host when it manages, and lets go when it only watches', async () => {
  await using cluster = new Cluster();
  await cluster.startAgent('oss1');
  const config = `
hosts: [{ hostname: 'oss1:${cluster.portOf('oss1')}', address: 127.0.0.1 }]
resources: [{ name: disk, kind: test/Service, parameters: {}, monitor_interval: 300ms }]
resource_groups: [{ root: disk, home_host: oss1, failover_hosts: [] }]
`;
  const manager = await cluster.startManager(config, 'manager', '--manage-resources');
  await cluster.untilStatus('it runs', cluster.runsOn('disk', 'oss1'));
  const file = join(cluster.folder, 'run.oss1', 'hold.json');
  assert.deepEqual(JSON.parse(readFileSync(file, 'utf8')), { isHeld: true });
  await manager.end('SIGTERM');
  await cluster.startManager(config);
  await until(
    'the host to be free',
    () => readFileSync(file, 'utf8').includes('false') || undefined,
  );
});
