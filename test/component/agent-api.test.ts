// SPDX-License-Identifier: Apache-2.0
/** The agent's API as a manager, another manager, and somebody with bad intentions meet it. */
import assert from 'node:assert/strict';
import { connect, createServer } from 'node:net';
import { once } from 'node:events';
import { test } from 'node:test';
import { Refusal } from '../../src/agent/contract.ts';
import { AgentHost, resource, watched, type Asked } from './agent-host.ts';

function assertRefused(asked: Asked, status: number, code: Refusal['code']): Refusal {
  const refusal = Refusal.parse(asked.body);
  assert.deepEqual([asked.status, refusal.code], [status, code]);
  return refusal;
}

const poll = (journal: string, number: number): object => ({
  epoch: { journal, number },
  cursor: 0,
  waitMs: 0,
});

test('a manager that has been replaced is refused, and so is one with another journal', async () => {
  await using host = new AgentHost();
  await host.start();
  assert.equal((await host.ask('POST', '/v1/poll', poll('a', 5))).status, 200);
  assertRefused(await host.ask('POST', '/v1/poll', poll('a', 4)), 409, 'superseded');
  const other = await host.ask('POST', '/v1/poll', poll('b', 9));
  assert.match(assertRefused(other, 409, 'other-journal').message, /--take-over/);
  await host.end('SIGKILL');
  await host.start('--take-over');
  assertRefused(await host.ask('POST', '/v1/poll', poll('a', 4)), 409, 'superseded');
  assert.equal((await host.ask('POST', '/v1/poll', poll('b', 1))).status, 200);
  assertRefused(await host.ask('POST', '/v1/poll', poll('a', 9)), 409, 'other-journal');
  assertRefused(await host.ask('POST', '/v1/poll', poll('c', 9)), 409, 'other-journal');
});

test('an order for another boot is refused', async () => {
  await using host = new AgentHost();
  await host.start();
  const asked = await host.ask('POST', '/v1/operations', {
    epoch: host.epoch,
    request: 'r',
    boot: 'the-one-before',
    operation: 'start',
    resource: resource('any'),
    waitMs: 0,
  });
  assertRefused(asked, 409, 'wrong-boot');
});

test('bad input gets one clear refusal, and the agent goes on serving', async () => {
  await using host = new AgentHost();
  await host.start();
  for (const text of ['', '{', 'null', '[]', '{"epoch":{}}', '['.repeat(1_000_000)]) {
    assertRefused(await host.ask('PUT', '/v1/watch', text), 400, 'bad-request');
  }
  const typo = { ...poll('a', 1), cursr: 1 };
  const told = assertRefused(await host.ask('POST', '/v1/poll', typo), 400, 'bad-request');
  assert.match(told.message, /cursr/);
  const twice = { epoch: host.epoch, resources: [watched('a'), watched('a')] };
  assertRefused(await host.ask('PUT', '/v1/watch', twice), 400, 'bad-request');
  const huge = `"${'x'.repeat(2_000_000)}"`;
  assertRefused(await host.ask('PUT', '/v1/watch', huge), 400, 'bad-request');
  assertRefused(await host.ask('GET', '/v1/nothing'), 404, 'unknown-path');
  assertRefused(await host.ask('DELETE', '/v1/watch'), 404, 'unknown-path');
  assert.equal((await host.identity()).host, 'oss1');
});

test('what is not HTTP, and what breaks off, does no harm', async () => {
  await using host = new AgentHost();
  await host.start();
  const garbage = connect(host.port, '127.0.0.1');
  let answer = '';
  garbage.on('data', (chunk: Buffer) => (answer += chunk.toString()));
  garbage.write('\x16\x03\x01 hello\r\n\r\n');
  await once(garbage, 'close');
  assert.match(answer, /^HTTP\/1\.1 400 [^]*"bad-request"/);
  const half = connect(host.port, '127.0.0.1');
  half.write('PUT /v1/watch HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"epoch"');
  await once(half, 'connect');
  half.destroy();
  assert.equal((await host.identity()).host, 'oss1');
});

test('an order that arrives after a newer one for its resource is not run', async () => {
  await using host = new AgentHost();
  host.script('counted', 'echo "$1" >>calls');
  await host.start();
  await host.operate('stop', resource('counted'), { sequence: 7 });
  const late = await host.operate('start', resource('counted'), { sequence: 6 });
  assert.equal(late.outcome?.type, 'not-run');
  assert.equal(host.read('calls').includes('start'), false);
});

test('the same request for something else is refused', async () => {
  await using host = new AgentHost();
  host.script('a', 'exit 0');
  await host.start();
  await host.operate('start', resource('a'), { request: 'r', timeoutMs: 5_000 });
  await assert.rejects(host.operate('stop', resource('a'), { request: 'r' }), /was for a start of/);
});

test('a poll is held until something changes, and a newer poll ends an older one', async () => {
  await using host = new AgentHost();
  host.script('a', '[ -e up ] && exit 0; exit 7');
  host.script('up', 'echo up >up; exit 0');
  await host.start();
  await host.watch(watched('a'));
  await host.untilSeen('a', ({ exit }) => exit === 7);
  const { cursor } = await host.poll();
  const older = host.poll(cursor, 60_000);
  const newer = host.poll(cursor, 60_000);
  assert.equal((await older).cursor, cursor);
  await host.operate('start', resource('up'), { timeoutMs: 5_000 });
  const beat = await newer;
  assert.notEqual(beat.cursor, cursor);
  assert.equal(beat.resources[0]?.exit, 0);
});

test('a poll without news is answered in time, with the age of every monitor', async () => {
  await using host = new AgentHost();
  host.script('a', 'exit 7');
  await host.start();
  await host.watch(watched('a', 200));
  await host.untilSeen('a', ({ exit }) => exit === 7);
  const { cursor } = await host.poll();
  const beat = await host.poll(cursor, 2_000);
  assert.equal(beat.cursor, cursor);
  const [seen] = beat.resources;
  assert.ok(seen?.endedMsAgo !== undefined && seen.endedMsAgo < 2_000, 'asked again meanwhile');
  assert.ok(seen.begunMsAgo !== undefined && seen.begunMsAgo >= seen.endedMsAgo);
});

test('a monitor that times out, and a kind that is not there, are told as failures', async () => {
  await using host = new AgentHost();
  host.script('hangs', 'sleep 600');
  await host.start();
  await host.watch({ ...watched('hangs'), timeoutMs: 200 }, watched('missing'));
  const hangs = await host.untilSeen('hangs', ({ failure }) => failure === 'timed-out');
  assert.equal(hangs.exit, undefined);
  const missing = await host.untilSeen('missing', ({ failure }) => failure === 'not-run');
  assert.match(missing.text ?? '', /no OCF script/);
});

test('what is watched no longer is asked no longer; what stays keeps what is known', async () => {
  await using host = new AgentHost();
  host.script('stays', 'exit 7');
  host.script('goes', 'echo $$ >>goes; sleep 600');
  await host.start();
  await host.watch(watched('stays'), { ...watched('goes'), timeoutMs: 600_000 });
  await host.untilSeen('stays', ({ exit }) => exit === 7);
  await host.untilFile('goes');
  await host.watch(watched('stays'));
  const { resources } = await host.poll();
  assert.deepEqual(
    resources.map((each) => [each.resource, each.exit]),
    [['stays', 7]],
  );
});

test('reach tells an agent that answers from a kernel that refuses, from silence, and from not having tried', async () => {
  await using host = new AgentHost();
  await using other = new AgentHost();
  await host.start();
  await other.start();
  const deaf = createServer(() => {});
  deaf.listen(0, '127.0.0.1');
  await once(deaf, 'listening');
  const bound = deaf.address();
  const deafPort = typeof bound === 'object' && bound !== null ? bound.port : 0;
  const reach = async (port: number, address = '127.0.0.1'): Promise<unknown> =>
    (await host.ask('POST', '/v1/reach', { address, port, deadlineMs: 500 })).body;
  assert.deepEqual(await reach(other.port), { outcome: 'answers' });
  assert.deepEqual(await reach(deafPort), { outcome: 'silent' });
  deaf.close();
  await other.end('SIGKILL');
  assert.deepEqual(await reach(other.port), { outcome: 'refused' });
  assert.deepEqual(await reach(8_000, 'no-such-host.invalid'), { outcome: 'unknown' });
  // No route of its own: a multicast address cannot be connected to.
  assert.deepEqual(await reach(8_000, '224.0.0.1'), { outcome: 'unknown' });
});

test('others than this host are served only on purpose', async () => {
  await using host = new AgentHost();
  await assert.rejects(host.start('--listen', '0.0.0.0:0'), /--insecure/);
  await host.start('--listen', '0.0.0.0:0', '--insecure');
});
