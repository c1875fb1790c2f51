// SPDX-License-Identifier: Apache-2.0
/** Whoever may look may also do harm: a crowd at the view socket, and what an operator hears meanwhile. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import { Cluster, DEADLINE_MS } from './manager-cluster.ts';

const ASK = String.raw`'GET /v1/status HTTP/1.1\r\nHost: a\r\n\r\n'`;
const POST = String.raw`'POST /v1/orders HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999\r\n\r\n'`;

/** What each of so many connections does; one that was cut off comes again. */
const CROWDS: readonly (readonly [what: string, count: number, deed: string])[] = [
  ['ask without a pause', 64, `socket.resume(); socket.write(${ASK});`],
  ['send half a question', 64, `socket.resume(); socket.write(${ASK}.slice(0, 20));`],
  ['open a live view and never read', 64, `socket.write(${ASK}.replace('status', 'stream'));`],
  ['connect and are silent', 10_000, 'socket.resume();'],
  [
    'send a body without end',
    16,
    `socket.resume(); socket.write(${POST}); pour('x'.repeat(65536));`,
  ],
  ['line up questions', 32, `socket.resume(); pour(${ASK}.repeat(1000));`],
  ['speak nonsense', 16, `socket.resume(); pour(Buffer.alloc(65536, 0xa5));`],
];

function crowd(socket: string, count: number, deed: string): Disposable {
  const program = `
    const one = () => {
      const socket = require('node:net').connect(process.argv[1]);
      const pour = (chunk) => {
        const more = () => { while (!socket.destroyed && socket.write(chunk)); };
        socket.on('drain', more);
        more();
      };
      socket.on('error', () => {}).on('close', () => setTimeout(one, 5));
      ${deed}
    };
    for (let i = 0; i < ${count}; i++) one();`;
  const child = spawn(process.execPath, ['-e', program, socket], { stdio: 'ignore' });
  return { [Symbol.dispose]: () => child.kill('SIGKILL') };
}

test('whatever a crowd does at the view socket, operators are answered and hosts are heard', async (t) => {
  await using cluster = new Cluster();
  await cluster.startAgent('oss1');
  await cluster.startManager(`
hosts: [{ hostname: 'oss1:${cluster.portOf('oss1')}', address: 127.0.0.1 }]
resources: [{ name: disk, kind: test/Service, parameters: {}, monitor_interval: 300ms }]
resource_groups: [{ root: disk, home_host: oss1, failover_hosts: [] }]
ha: { mode: manage, heartbeat_timeout: 4s }
`);
  await cluster.untilStatus('the group runs', cluster.runsOn('disk', 'oss1'));
  const view = join(cluster.folder, 'manager.sock.view');
  for (const [what, count, deed] of CROWDS) {
    using _crowd = crowd(view, count, deed);
    const end = performance.now() + 3_000;
    let slowestMs = 0;
    while (performance.now() < end) {
      const askedAt = performance.now();
      const { hosts } = await cluster.status();
      slowestMs = Math.max(slowestMs, performance.now() - askedAt);
      assert.equal(hosts[0]?.status, 'online', what);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    t.diagnostic(`${count} ${what}: an operator waits ${slowestMs.toFixed(0)} ms at most`);
    assert.ok(slowestMs < 2_000, `${what}: ${slowestMs} ms`);
  }
  assert.equal((await cluster.order('unmanage', 'disk')).outcome, 'done');
  const names = (await cluster.events()).map(({ name }) => name);
  assert.ok(!names.includes('ha.host.silent'), names.join(' '));
});

test('a name that a terminal would obey comes back as data only', async () => {
  await using cluster = new Cluster();
  await cluster.startAgent('oss1');
  await cluster.startManager(`
hosts: [{ hostname: 'oss1:${cluster.portOf('oss1')}', address: 127.0.0.1 }]
resources: []
resource_groups: []
`);
  const answer = await cluster.explain('\u001B[31moss1\u0007\u202E');
  assert.doesNotMatch(JSON.stringify(answer), /\p{Cc}/u);
  const aureole = join(import.meta.dirname, '..', '..', 'src', 'cli', 'main.ts');
  const socket = join(cluster.folder, 'manager.sock');
  const args = [aureole, 'explain', '\u001B[31moss1\u0007', '--socket', socket];
  const child = spawn(process.execPath, args, { timeout: DEADLINE_MS });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  await once(child, 'close');
  assert.notEqual(child.exitCode, 0);
  assert.match(said, /oss1/);
  assert.doesNotMatch(said.trim(), /\p{Cc}/u);
});
