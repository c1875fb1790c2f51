// SPDX-License-Identifier: Apache-2.0
/** Certificates between a real manager and real agents, made by `aureole pki`. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, copyFileSync, cpSync, readFileSync, writeFileSync } from 'node:fs';
import { readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { Agent as TlsAgent } from 'node:https';
import { request, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { connect as connectTls, createServer } from 'node:tls';
import { createServer as createTcpServer } from 'node:net';
import { reachAgent } from '../../src/agent/reach.ts';
import { AgentClient } from '../../src/ha/shell/agent-client.ts';
import { Handshakes } from '../../src/ha/shell/handshakes.ts';
import { LiveIdentity } from '../../src/runtime/tls-live.ts';
import type { Status } from '../../src/ha/contract.ts';
import { needs } from '../needs.ts';
import { Cluster, Daemon } from './manager-cluster.ts';
import { TestAuthority, type Pem } from './test-authority.ts';

const options = { skip: needs({ programs: ['openssl'] }) };
const DAY_MS = 86_400_000;
const NO_LOG = { error() {}, warn() {}, info() {}, debug() {} };

function single(port: number, host = 'oss1'): string {
  return `
hosts: [{ hostname: '${host}:${port}', address: 127.0.0.1 }]
resources: [{ name: disk, kind: test/Service, parameters: {}, monitor_interval: 300ms }]
resource_groups: [{ root: disk, home_host: ${host}, failover_hosts: [] }]
ha: { mode: manage, heartbeat_timeout: 2s }
`;
}

const isAlarmed =
  (words: RegExp) =>
  ({ alarms, hosts }: Status): boolean =>
    alarms.some((alarm) => words.test(alarm.text)) && hosts[0]?.status !== 'silent';

/** What the agent says to somebody with these papers. */
async function ask(port: number, papers: Partial<Pem>): Promise<{ status: number; body: string }> {
  const agent = new TlsAgent({ ...papers, servername: 'oss1' });
  const signal = AbortSignal.timeout(10_000);
  const place = { protocol: 'https:', host: '127.0.0.1', port, path: '/v1/identity' };
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request({ ...place, agent, signal }, resolve)
      .on('error', reject)
      .end();
  });
  const body = await text(response);
  agent.destroy();
  return { status: response.statusCode ?? 0, body };
}

test(
  'with certificates of one authority they understand each other, and it is told by whom',
  options,
  async () => {
    using authority = new TestAuthority();
    authority.pki('issue', 'oss1', '--manager', 'mgmt');
    await using cluster = new Cluster();
    const agent = await cluster.startAgent('oss1', ...authority.flags('host', 'oss1'));
    const config = single(cluster.portOf('oss1'));
    await cluster.startManager(config, 'manager', ...authority.flags('manager', 'mgmt'));
    const status = await cluster.untilStatus('it runs', cluster.runsOn('disk', 'oss1'));
    const { certificate } = status.hosts[0] ?? {};
    assert.equal(certificate?.daysLeft, 824);
    assert.match(certificate?.expires ?? '', /^20\d\d-\d\d-\d\dT/);
    assert.deepEqual(status.alarms, []);
    assert.match(agent.said, /"by":"mgmt","operation":"start","resource":"disk"/);
  },
);

test(
  'a certificate that ends soon is an alarm, of the agent and of the manager',
  options,
  async () => {
    using authority = new TestAuthority();
    authority.pki('issue', 'oss1', '--manager', 'mgmt', '--days', '12');
    await using cluster = new Cluster();
    const agent = await cluster.startAgent('oss1', ...authority.flags('host', 'oss1'));
    const config = single(cluster.portOf('oss1'));
    await cluster.startManager(config, 'manager', ...authority.flags('manager', 'mgmt'));
    const alarm = (name: string): RegExp =>
      new RegExp(`^certificate of ${name} ends in 1[12] days: aureole pki renew ${name}$`);
    await cluster.untilStatus('the host', isAlarmed(alarm('oss1')));
    await cluster.untilStatus('the manager', isAlarmed(alarm('mgmt')));
    assert.match(agent.said, /certificate ends soon/);
  },
);

test('an agent takes orders from managers only', options, async () => {
  using authority = new TestAuthority();
  using stranger = new TestAuthority();
  authority.pki('issue', 'oss[1-2]', '--manager', 'mgmt[1-2]');
  stranger.pki('issue', '--manager', 'mgmt1');
  await using cluster = new Cluster();
  await cluster.startAgent('oss1', ...authority.flags('host', 'oss1'), '--manager', 'mgmt[1,3]');
  const port = cluster.portOf('oss1');
  const { ca } = authority.pem('host', 'oss1');
  const good = authority.pem('manager', 'mgmt1');
  assert.equal((await ask(port, good)).status, 200);
  const past = [Date.now() - 2 * DAY_MS, Date.now() - DAY_MS] as const;
  const future = [Date.now() + DAY_MS, Date.now() + 2 * DAY_MS] as const;
  const refusals: readonly (readonly [Partial<Pem>, RegExp])[] = [
    [{ ca }, /shown no certificate/],
    [authority.pem('manager', 'mgmt2'), /mgmt2 is none of the managers/],
    [authority.pem('host', 'oss2'), /oss2 is not accepted: it is not made for managers/],
    [authority.pem('host', 'oss1'), /oss1 is not accepted: it is not made for managers/],
    [{ ...stranger.pem('manager', 'mgmt1'), ca }, /mgmt1 is not accepted: .* did not sign it/],
    [authority.pemBetween('manager', 'mgmt1', ...past), /mgmt1 is not accepted: it has ended/],
    [authority.pemBetween('manager', 'mgmt1', ...future), /not accepted: it is not valid yet/],
  ];
  for (const [papers, words] of refusals) {
    const { status, body } = await ask(port, papers);
    assert.equal(status, 403);
    assert.match(body, words);
  }
  const plain = request({ host: '127.0.0.1', port, path: '/v1/identity' }).end();
  await assert.rejects(once(plain, 'response'), { code: 'ECONNRESET' });
  assert.equal((await ask(port, good)).status, 200);
});

test(
  'whatever is wrong between the certificates is a sign of life, and told with its remedy',
  options,
  async () => {
    using authority = new TestAuthority();
    using stranger = new TestAuthority();
    authority.pki('issue', 'oss[1-2]', '--manager', 'mgmt');
    stranger.pki('issue', '--manager', 'mgmt');
    await using cluster = new Cluster();
    await cluster.startAgent('oss1', ...authority.flags('host', 'oss1'));
    await cluster.startAgent('plain');
    const mine = authority.flags('manager', 'mgmt');
    const port = cluster.portOf('oss1');
    await using late = await serverWith(
      authority.pemBetween('host', 'oss1', Date.now() - 2 * DAY_MS, Date.now() - DAY_MS),
    );
    await using wild = await serverWith(
      authority.pemBetween('host', '*.lan', Date.now() - DAY_MS, Date.now() + DAY_MS),
    );
    const cases: readonly (readonly [string, string, readonly string[], RegExp])[] = [
      ['name', single(port, 'oss2'), mine, /not for oss2 .*DNS:oss1.*pki issue oss2/],
      ['ca', single(port), stranger.flags('manager', 'mgmt'), /our authority did not sign/],
      ['plain-agent', single(cluster.portOf('plain')), mine, /speaks without TLS.*pki issue oss1/],
      ['plain-manager', single(port), [], /hung up: give the manager a certificate/],
      ['wildcard', single(wild.port, 'oss1.lan'), mine, /not for oss1\.lan .*DNS:\*\.lan/],
      ['expired', single(late.port), mine, /has ended: aureole pki renew oss1/],
    ];
    for (const [name, config, flags, words] of cases) {
      const manager = await cluster.startManager(config, name, ...flags);
      await cluster.untilStatus(name, isAlarmed(words), name);
      await manager.end('SIGTERM');
    }
  },
);

async function serverWith(papers: Pem): Promise<AsyncDisposable & { readonly port: number }> {
  const server = createServer(papers, (socket) => socket.on('error', () => {}));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address();
  return {
    port: typeof bound === 'object' && bound !== null ? bound.port : 0,
    [Symbol.asyncDispose]: async () => void (await new Promise((resolve) => server.close(resolve))),
  };
}

test(
  'a revoked manager is shut out, and one with a renewed certificate let in, without a restart',
  options,
  async () => {
    using authority = new TestAuthority();
    authority.pki('issue', 'oss1', '--manager', 'mgmt');
    await using cluster = new Cluster();
    // Copies, as they lie on the machines.
    const [onHost, onManager] = [
      join(cluster.folder, 'pki.host'),
      join(cluster.folder, 'pki.mgmt'),
    ];
    cpSync(authority.path('host', 'oss1', '.'), onHost, { recursive: true, dereference: true });
    cpSync(authority.path('manager', 'mgmt', '.'), onManager, {
      recursive: true,
      dereference: true,
    });
    const flags = (folder: string, role: string): string[] => {
      const pair = ['--cert', join(folder, `${role}.crt`), '--key', join(folder, `${role}.key`)];
      return [...pair, '--ca', join(folder, 'ca.crt'), '--crl', join(folder, 'crl.pem')];
    };
    const agent = await cluster.startAgent('oss1', ...flags(onHost, 'host'));
    const config = single(cluster.portOf('oss1'));
    const manager = await cluster.startManager(config, 'manager', ...flags(onManager, 'manager'));
    await cluster.untilStatus('it runs', cluster.runsOn('disk', 'oss1'));
    authority.pki('revoke', 'mgmt');
    copyFileSync(join(authority.directory, 'crl.pem'), join(onHost, 'crl.pem'));
    agent.signal('SIGHUP');
    await cluster.untilStatus('it is shut out', isAlarmed(/mgmt is not accepted: it is revoked/));
    authority.pki('issue', '--manager', 'mgmt');
    cpSync(authority.path('manager', 'mgmt', '.'), onManager, {
      recursive: true,
      dereference: true,
    });
    // Noticed without a signal.
    await manager.untilSaid('certificates were read anew');
    await cluster.untilStatus('it is let in', ({ hosts, alarms }) => {
      return hosts[0]?.status === 'online' && alarms.length === 0;
    });
    assert.equal(cluster.told('disk', 'oss1'), 'start');
  },
);

test(
  'a handshake without a byte is silence; one that breaks off after a byte is life',
  options,
  async () => {
    using authority = new TestAuthority();
    authority.pki('issue', '--manager', 'mgmt');
    const at = (file: string): string => authority.path('manager', 'mgmt', file);
    const files = { cert: at('manager.crt'), key: at('manager.key'), ca: at('ca.crt') };
    using identity = await LiveIdentity.open(files, { role: 'manager' }, NO_LOG);
    const tls = { identity, handshakes: new Handshakes() };
    const tells = async (words: Buffer): Promise<string> => {
      const server = createTcpServer((socket) => socket.on('error', () => {}).write(words));
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const bound = server.address();
      const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
      using client = new AgentClient('oss1', { address: '127.0.0.1', port }, tls);
      const { type } = await client.identity(500, new AbortController().signal);
      server.close();
      return type;
    };
    assert.equal(await tells(Buffer.alloc(0)), 'silent');
    assert.equal(await tells(Buffer.from([0x16])), 'strange');
    assert.equal(await tells(Buffer.from([0x16, 3, 3, 0, 80, 2])), 'strange');
    assert.equal(await tells(Buffer.from('SSH-2.0-OpenSSH_9.2\r\n')), 'strange');
  },
);

test('a session of before does not help a manager that is revoked now', options, async () => {
  using authority = new TestAuthority();
  authority.pki('issue', 'oss1', '--manager', 'mgmt');
  await using cluster = new Cluster();
  const agent = await cluster.startAgent('oss1', ...authority.flags('host', 'oss1'));
  const papers = authority.pem('manager', 'mgmt');
  const greet = async (session?: Buffer): Promise<{ answer: string; session: Buffer }> => {
    const place = { host: '127.0.0.1', port: cluster.portOf('oss1'), servername: 'oss1' };
    const socket = connectTls({ ...place, ...papers, ...(session && { session }) });
    let ticket: Buffer = Buffer.alloc(0);
    socket.on('session', (given: Buffer) => (ticket = given));
    socket.write('GET /v1/identity HTTP/1.1\r\nHost: oss1\r\nConnection: close\r\n\r\n');
    const answer = await text(socket);
    return { answer: answer.slice(0, answer.indexOf('\r')), session: ticket };
  };
  const { answer, session } = await greet();
  assert.match(answer, / 200 /);
  assert.ok(session.length > 0);
  authority.pki('revoke', 'mgmt');
  agent.signal('SIGHUP');
  await agent.untilSaid('certificates were read anew');
  assert.match((await greet(session)).answer, / 403 /);
});

test(
  'an agent is heard by its neighbour whichever of them speaks TLS, and only a stalled one is silent',
  options,
  async () => {
    using authority = new TestAuthority();
    authority.pki('issue', 'oss[1-2]');
    await using cluster = new Cluster();
    for (const name of ['oss1', 'oss2']) {
      await cluster.startAgent(name, ...authority.flags('host', name));
    }
    const plain = await cluster.startAgent('plain');
    const outcome = async (tls: boolean, name: string): Promise<string> => {
      const question = { address: '127.0.0.1', port: cluster.portOf(name), deadlineMs: 2_000 };
      return (await reachAgent(question, tls)).outcome;
    };
    assert.equal(await outcome(true, 'oss2'), 'answers');
    assert.equal(await outcome(true, 'plain'), 'answers');
    assert.equal(await outcome(false, 'plain'), 'answers');
    assert.equal(await outcome(false, 'oss2'), 'refused', 'closed by a living program');
    plain.signal('SIGSTOP');
    assert.equal(await outcome(true, 'plain'), 'silent');
    assert.equal(await outcome(false, 'plain'), 'silent');
    await plain.end('SIGKILL');
    assert.equal(await outcome(true, 'plain'), 'refused');
  },
);

test('plain TCP is for the loopback', options, async () => {
  using authority = new TestAuthority();
  const flags = ['--listen', '0.0.0.0:0', '--run-directory', join(authority.folder, 'run')];
  const open = new Daemon(['agent', ...flags]);
  assert.equal(await open.end(), 64);
  assert.match(open.said, /certificate \(aureole pki\), or say --insecure/);
});

const inNamespace = { skip: needs({ root: true, programs: ['unshare'] }) };

test(
  'a network namespace is one of its own where it can be told from the first',
  inNamespace,
  () => {
    const file = join(import.meta.dirname, '../../src/runtime/plain-tcp.ts');
    const program = `import(${JSON.stringify(file)}).then((it) => console.log(it.isInOwnNetwork()))`;
    const run = (...before: string[]): string => {
      const [command, ...args] = [...before, process.execPath, '-e', program];
      return execFileSync(command, args, { encoding: 'utf8', timeout: 20_000 }).trim();
    };
    assert.equal(run('env'), 'false');
    assert.equal(run('unshare', '--net'), String(isFirstKnown()));
  },
);

function isFirstKnown(): boolean {
  try {
    return readlinkSync('/proc/1/ns/net') !== '';
  } catch {
    return false;
  }
}

test('a new file that is no good changes nothing but the log', options, async () => {
  using authority = new TestAuthority();
  authority.pki('issue', 'oss1', '--manager', 'mgmt');
  await using cluster = new Cluster();
  const flags = authority.flags('host', 'oss1');
  const agent = await cluster.startAgent('oss1', ...flags);
  const file = authority.path('host', 'oss1', 'host.crt');
  const whole = readFileSync(file, 'utf8');
  writeFileSync(file, whole.slice(0, whole.length / 2));
  agent.signal('SIGHUP');
  await agent.untilSaid('the old one stays in use');
  assert.equal((await ask(cluster.portOf('oss1'), authority.pem('manager', 'mgmt'))).status, 200);
  rmSync(file);
  // Nobody can even look at it, as in a folder that was closed to the daemon's user.
  symlinkSync(file, file);
  agent.signal('SIGHUP');
  await agent.untilSaid('ELOOP');
  assert.equal((await ask(cluster.portOf('oss1'), authority.pem('manager', 'mgmt'))).status, 200);
  rmSync(file);
  writeFileSync(file, whole);
  agent.signal('SIGHUP');
  await agent.untilSaid('certificates were read anew');
  assert.equal((await ask(cluster.portOf('oss1'), authority.pem('manager', 'mgmt'))).status, 200);
});

test(
  'papers with which no connection would work keep a daemon from starting, each with its remedy',
  options,
  async () => {
    using authority = new TestAuthority();
    using stranger = new TestAuthority();
    authority.pki('issue', 'oss[1-3]', '--manager', 'mgmt');
    stranger.pki('issue', 'oss1');
    const at = (file: string): string => authority.path('host', 'oss1', file);
    const past = authority.pemBetween('host', 'oss1', Date.now() - 2 * DAY_MS, Date.now() - DAY_MS);
    const [oldCert, oldKey] = [
      join(authority.folder, 'old.crt'),
      join(authority.folder, 'old.key'),
    ];
    writeFileSync(oldCert, past.cert);
    writeFileSync(oldKey, past.key, { mode: 0o600 });
    const open = join(authority.folder, 'open.key');
    copyFileSync(at('host.key'), open);
    chmodSync(open, 0o644);
    authority.pki('revoke', 'oss3');
    const revoked = authority.pki('show');
    assert.match(revoked, /oss3 .*revoked/);
    const cases: readonly (readonly [Readonly<Record<string, string>>, RegExp])[] = [
      [
        { cert: '/nowhere/host.crt' },
        /\/nowhere\/host\.crt, the certificate, is not there: .*--cert/,
      ],
      [
        { key: authority.path('host', 'oss2', 'host.key') },
        /host\.key is not the key of .*host\.crt/,
      ],
      [{ cert: oldCert, key: oldKey }, /old\.crt ended on .*: aureole pki renew oss1/],
      [{ key: open }, /open\.key can be read by others than its owner: chmod 600/],
      [{ ca: join(stranger.directory, 'ca.crt') }, /ca\.crt did not sign .*host\.crt/],
      [{ crl: join(stranger.directory, 'crl.pem') }, /crl\.pem is not of the authority/],
      [{ crl: at('ca.crt') }, /ca\.crt holds no revocation list/],
      [{ name: 'oss9' }, /is for oss1, and this host is oss9: aureole pki issue oss9/],
      [{ cert: oldKey }, /old\.key holds no certificate/],
    ];
    for (const [wrong, words] of cases) {
      const papers = { cert: at('host.crt'), key: at('host.key'), ca: at('ca.crt') };
      const all = { crl: at('crl.pem'), name: 'oss1', ...papers, ...wrong };
      const flags = Object.entries(all).flatMap(([flag, value]) => [`--${flag}`, value]);
      const place = ['--run-directory', join(authority.folder, 'run'), '--listen', '127.0.0.1:0'];
      const agent = new Daemon(['agent', ...flags, ...place]);
      assert.equal(await agent.end(), 64, agent.said);
      assert.match(agent.said, words);
      assert.equal(agent.said.trim().split('\n').length, 1, agent.said);
    }
  },
);

test('only kinds of the list are run, monitors included', async () => {
  await using cluster = new Cluster();
  await cluster.startAgent('oss1', '--kinds', 'heartbeat/*,test/Other');
  await cluster.startManager(single(cluster.portOf('oss1')));
  await cluster.untilStatus('it says why', ({ groups }) =>
    JSON.stringify(groups).includes('was told not to run'),
  );
  assert.equal(cluster.told('disk', 'oss1'), '');
});
