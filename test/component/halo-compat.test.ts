// SPDX-License-Identifier: Apache-2.0
/** HALO's manager drives an agent: the reference implementation of Cap'n Proto is the other end. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { AgentHost } from './agent-host.ts';
import { HaloPeer, MONITOR, START, STOP, withPeer } from './halo-peer/halo-peer.ts';

const peer = withPeer.skip === false ? new HaloPeer() : undefined;
after(() => peer?.[Symbol.dispose]());

type Calls = Parameters<HaloPeer['call']> extends [number, ...infer Rest] ? Rest : never;

/** A host that serves HALO, and what is asked of it. */
async function haloHost(...flags: string[]): Promise<AgentHost> {
  const host = new AgentHost();
  await host.start('--halo-compat', '127.0.0.1:0', ...flags);
  return host;
}

async function ask(host: AgentHost, ...calls: Calls): Promise<string[]> {
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
  assert.deepEqual(await ask(host, ['test/service', MONITOR, tank]), [
    'failed 7 tank is not there\\n',
  ]);
  assert.deepEqual(await ask(host, ['test/service', START, tank]), ['ok']);
  assert.deepEqual(
    await ask(host, ['test/service', MONITOR, tank], ['test/service', MONITOR, { pool: 'b' }]),
    ['ok', 'failed 7 b is not there\\n'],
  );
  assert.deepEqual(await ask(host, ['test/service', STOP, tank]), ['ok']);
  assert.match((await ask(host, ['test/service', MONITOR, tank]))[0] ?? '', /^failed 7/);
});
