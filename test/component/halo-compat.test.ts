// SPDX-License-Identifier: Apache-2.0
/** HALO's manager drives an agent: the reference implementation of Cap'n Proto is the other end. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { connect, type ConnectionOptions } from 'node:tls';
import { needs } from '../needs.ts';
import { AgentHost, until } from './agent-host.ts';
import { HaloPeer, MONITOR, START, STOP, withPeer, type PeerCall } from './halo-peer/halo-peer.ts';
import { TestAuthority } from './test-authority.ts';

const withTls = { skip: withPeer.skip || needs({ programs: ['openssl'] }) };

const peer = withPeer.skip === false ? new HaloPeer() : undefined;
after(() => peer?.[Symbol.dispose]());

/** A host that serves HALO, and what is asked of it. */
async function haloHost(...flags: string[]): Promise<AgentHost> {
  const host = new AgentHost();
  await host.start('--halo-compat', '127.0.0.1:0', ...flags);
  return host;
}

async function ask(host: AgentHost, ...calls: PeerCall[]): Promise<string[]> {
  assert.ok(peer !== undefined);
  return await peer.call(host.haloPort, ...calls);
}

/** Runs as long as its file is there. */
const SERVICE = `
case $1 in
start) echo up >"state-$OCF_RESKEY_pool" ;;
stop) rm -f "state-$OCF_RESKEY_pool" ;;
monitor) [ -e "state-$OCF_RESKEY_pool" ] || { echo "$OCF_RESKEY_pool is not there" >&2; exit 7; } ;;
esac`;

test('a service is started, watched and stopped', withPeer, async () => {
  await using host = await haloHost();
  host.script('service', SERVICE);
  const tank = { pool: 'tank' };
  const isNotThere = ['failed 7 tank is not there\\n'];
  assert.deepEqual(await ask(host, ['test/service', MONITOR, tank]), isNotThere);
  assert.deepEqual(await ask(host, ['test/service', START, tank]), ['ok']);
  assert.deepEqual(
    await ask(host, ['test/service', MONITOR, tank], ['test/service', MONITOR, { pool: 'b' }]),
    ['ok', 'failed 7 b is not there\\n'],
  );
  assert.deepEqual(await ask(host, ['test/service', STOP, tank]), ['ok']);
  assert.deepEqual(await ask(host, ['test/service', MONITOR, tank]), isNotThere);
});

test('every end of a script is told as HALO tells it', withPeer, async () => {
  await using host = await haloHost();
  host.script('exits', 'echo "said it" >&2; exit "$OCF_RESKEY_code"');
  host.script('dies', 'kill -9 $$');
  host.script(
    'hangs',
    `[ "$1" = meta-data ] && { echo '<action name="start" timeout="300ms" />'; exit; }; sleep 600`,
  );
  host.script('forbidden', 'exit 0');
  chmodSync(join(host.ocfRoot, 'resource.d/test/forbidden'), 0o644);
  mkdirSync(join(host.ocfRoot, 'resource.d/test/folder'));
  const answers = await ask(
    host,
    ['test/exits', MONITOR, { code: '1' }],
    ['test/exits', START, { code: '7' }],
    ['test/exits', MONITOR, { code: '190' }],
    ['test/exits', STOP, { code: '0' }],
    ['test/dies', START],
    ['test/hangs', START],
    ['test/nothing', MONITOR],
    ['test/forbidden', MONITOR],
    ['test/folder', MONITOR],
    ['test/../../../../bin/true', START],
    ['/bin/true', START],
    ['', START],
    ['test/exits', MONITOR, { 'a b': 'c' }],
    ['test/exits', 'unknown'],
    ['test/exits', 9],
  );
  const expected = [
    /^failed 1 said it/,
    /^failed 7 said it/,
    /^failed 190 said it/,
    /^ok$/,
    /^err The script was killed by signal 9/,
    /^err The start did not end within 300 ms/,
    /^err There is no OCF script to run for test\/nothing/,
    /^err There is no OCF script to run for test\/forbidden: EACCES/,
    /^err .*folder is not a file/,
    /^err The kind .* is not of the form/,
    /^err The kind .* is not of the form/,
    /^err The kind "" is none/,
    /^err The parameter name "a b"/,
    /^exception .*There is no method 1/,
    /^exception .*There is no operation 9/,
  ];
  for (const [index, pattern] of expected.entries()) assert.match(answers[index] ?? '', pattern);
});

test(
  'a script finds what HALO gives it, and nothing of our own surroundings',
  withPeer,
  async () => {
    await using host = await haloHost();
    host.script('env', 'env >environment; echo complete >done');
    assert.deepEqual(await ask(host, ['test/env', START, { pool: 'ta=nk', empty: '' }]), ['ok']);
    await host.untilFile('done');
    const environment = new Map(
      host
        .read('environment')
        .trim()
        .split('\n')
        .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
    );
    const found = (...names: string[]): unknown => names.map((name) => environment.get(name));
    assert.deepEqual(
      found('OCF_ROOT', 'OCF_RESKEY_pool', 'OCF_RESKEY_empty', 'OCF_RESOURCE_INSTANCE'),
      [host.ocfRoot, 'ta=nk', '', 'default'],
    );
    assert.deepEqual(found('HALO_TEST_ID', 'USER', 'PWD'), [
      String(host.pid),
      undefined,
      host.folder,
    ]);
  },
);

test('arguments of any size that a script can be given arrive whole', withPeer, async () => {
  await using host = await haloHost();
  host.script('lengths', 'echo "${#OCF_RESKEY_a} ${#OCF_RESKEY_b} ${#OCF_RESKEY_c}" >&2; exit 1');
  const lengths = (a: number, b: number, c: number): PeerCall => [
    'test/lengths',
    MONITOR,
    { a: `@${a}`, b: `@${b}`, c: `@${c}` },
  ];
  assert.deepEqual(
    await ask(host, lengths(1, 0, 7), lengths(8_000, 8_192, 9_000), lengths(130_000, 1, 130_000)),
    ['failed 1 1 0 7\\n', 'failed 1 8000 8192 9000\\n', 'failed 1 130000 1 130000\\n'],
  );
  const many = Object.fromEntries(Array.from({ length: 256 }, (_, index) => [`p${index}`, 'v']));
  assert.deepEqual(await ask(host, ['test/lengths', MONITOR, many]), ['failed 1 0 0 0\\n']);
  assert.match(
    (await ask(host, ['test/lengths', MONITOR, { ...many, more: 'v' }]))[0] ?? '',
    /^exception .*257 parameters are too many/,
  );
  // More than a message may have, and more than the kernel lets a script have.
  assert.match((await ask(host, lengths(200_000, 200_000, 200_000)))[0] ?? '', /^exception/);
  assert.match((await ask(host, lengths(140_000, 0, 0)))[0] ?? '', /^(?:err|failed)/);
});

test('many calls are under way at once, and none waits for a slow one', withPeer, async () => {
  await using host = await haloHost();
  host.script('waits', 'while [ ! -e go ]; do sleep 0.02; done');
  host.script('counts', 'exit $((OCF_RESKEY_n % 7 + 1))');
  host.script('goes', 'echo >go');
  const counts = Array.from({ length: 140 }, (_, n): PeerCall => [
    'test/counts',
    MONITOR,
    { n: String(n) },
  ]);
  const answers = await ask(host, ['test/waits', START], ...counts, ['test/goes', START]);
  assert.deepEqual(answers, ['ok', ...counts.map((_, n) => `failed ${(n % 7) + 1}`), 'ok']);
});

test('a lost connection stops no script, and harms nothing', withPeer, async () => {
  await using host = await haloHost();
  assert.ok(peer !== undefined);
  host.script('slow', 'echo begun >begun; while [ ! -e go ]; do sleep 0.02; done; echo end >end');
  host.script('goes', 'echo >go');
  const caller = peer.begin(host.haloPort, ['test/slow', START], ['test/slow', MONITOR]);
  await host.untilFile('begun');
  caller.kill('SIGKILL');
  await once(caller, 'exit');
  assert.deepEqual(await ask(host, ['test/goes', START]), ['ok']);
  await host.untilFile('end');
  assert.equal((await host.identity()).host, 'oss1');
});

test('a start that was given up while the agent stood still is not run', withPeer, async () => {
  await using host = await haloHost();
  assert.ok(peer !== undefined);
  host.script('starts', 'echo "$1" >>done; exit 0');
  process.kill(host.pid, 'SIGSTOP');
  const caller = peer.begin(host.haloPort, ['test/starts', START]);
  await until('its connection', () => hasSentTo(host.haloPort) || undefined);
  caller.kill('SIGKILL');
  await once(caller, 'exit');
  process.kill(host.pid, 'SIGCONT');
  assert.deepEqual(await ask(host, ['test/starts', STOP]), ['ok']);
  assert.doesNotMatch(host.read('done'), /^start$/m);
});

/** Something lies unread in a connection to this port. */
function hasSentTo(port: number): boolean {
  const local = `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .some(
      ([, from, , state, queues]) =>
        from === local && state === '01' && !queues?.endsWith(':00000000'),
    );
}

test(
  'an agent with a certificate serves HALO by TLS only, to managers of its authority',
  withTls,
  async () => {
    using authority = new TestAuthority();
    authority.pki('issue', 'oss1', '--also', 'halo-remotes');
    authority.pki('issue', '--manager', 'mgmt1');
    await using host = await haloHost(...authority.flags('host', 'oss1'));
    host.script('service', SERVICE);
    const monitor: PeerCall = ['test/service', MONITOR, { pool: 'tank' }];
    assert.match((await ask(host, monitor))[0] ?? '', /^exception/, 'plain TCP');
    // HALO expects one name of all of its agents.
    const papers = { ...authority.pem('manager', 'mgmt1'), servername: 'halo-remotes' };
    using tunnel = await openTunnel(host.haloPort, papers);
    assert.ok(peer !== undefined);
    assert.deepEqual(await peer.call(tunnel.port, monitor), ['failed 7 tank is not there\\n']);
    using nobody = await openTunnel(host.haloPort, { ca: papers.ca, servername: 'halo-remotes' });
    assert.match((await peer.call(nobody.port, monitor))[0] ?? '', /^exception/, 'no certificate');
  },
);

test('an agent with a certificate serves HALO without TLS if it is told to', withTls, async () => {
  using authority = new TestAuthority();
  authority.pki('issue', 'oss1');
  await using host = await haloHost(...authority.flags('host', 'oss1'), '--halo-insecure');
  host.script('service', SERVICE);
  const monitor: PeerCall = ['test/service', MONITOR, { pool: 'tank' }];
  assert.deepEqual(await ask(host, monitor), ['failed 7 tank is not there\\n']);
});

/** TLS for a peer that has none. */
async function openTunnel(
  to: number,
  papers: ConnectionOptions,
): Promise<Disposable & { readonly port: number }> {
  const server = createServer((plain) => {
    const secure = connect({ ...papers, port: to, host: '127.0.0.1' });
    for (const socket of [plain, secure]) socket.on('error', () => socket.destroy());
    plain.pipe(secure).pipe(plain);
    secure.once('close', () => plain.destroy());
    plain.once('close', () => secure.destroy());
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const bound = server.address();
  assert.ok(typeof bound === 'object' && bound !== null);
  return { port: bound.port, [Symbol.dispose]: () => void server.close() };
}

test("an agent that cannot have HALO's port does not serve half of what it was told to", async () => {
  await using first = await haloHost();
  await using second = new AgentHost();
  await assert.rejects(second.start('--halo-compat', String(first.haloPort)), /did not start/);
});
