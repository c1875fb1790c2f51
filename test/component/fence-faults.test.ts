// SPDX-License-Identifier: Apache-2.0
/** Devices that do not answer, lie or refuse: never an off that is none, never a program left. */
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FenceDevice } from '../../src/ha/fencing/contract.ts';
import { fenceDeviceRunner } from '../../src/ha/fencing/run.ts';
import { needs } from '../needs.ts';
import {
  device,
  eventually,
  freeTcpPort,
  freeUdpPort,
  LAB_HOST_NEEDS,
  LabHost,
  makeDirectory,
  PASSWORD,
  POWER_SWITCHES,
} from './fence-bench.ts';

const DEADLINE_MS = 20_000;
/** A BMC behind a fence program that gives up later than we do. */
const SHORT_MS = 1_500;

function withParameters(to: FenceDevice, changes: Record<string, string>): FenceDevice {
  return { ...to, parameters: new Map([...to.parameters, ...Object.entries(changes)]) };
}

/** Arguments of every process, ours too. */
async function commandLines(): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const read = (pid: string) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  return (await Promise.all(pids.map(read))).map((text) => text.replaceAll('\0', ' '));
}

for (const { agent, skip, attach } of POWER_SWITCHES) {
  const reason = needs(LAB_HOST_NEEDS) || skip;

  test(
    `${agent} is unknown when the device never answers, and gone`,
    { skip: reason },
    async () => {
      await using stack = new AsyncDisposableStack();
      const host = await LabHost.start(stack);
      const patient = await attach(stack, host);
      const records = await makeDirectory(stack);
      await host.setFault('dead');
      const hasty = { ...patient, timeoutMs: SHORT_MS, retries: 3 };
      const begun = performance.now();
      const answer = await fenceDeviceRunner(records)(
        hasty,
        'off',
        AbortSignal.timeout(DEADLINE_MS),
      );
      assert.equal(answer.outcome, 'unknown', answer.text);
      assert.ok(performance.now() - begun < SHORT_MS + 2_000);
      assert.equal((await host.processes()).length, 2);
      assert.deepEqual(await readdir(records), []);
    },
  );

  test(`${agent} does not say done while the status stays on`, { skip: reason }, async () => {
    await using stack = new AsyncDisposableStack();
    const host = await LabHost.start(stack);
    const patient = withParameters(await attach(stack, host), { power_timeout: '1' });
    await host.setFault('stuck-on');
    const runDevice = fenceDeviceRunner(await makeDirectory(stack));
    const answer = await runDevice(patient, 'off', AbortSignal.timeout(DEADLINE_MS));
    assert.equal(answer.outcome, 'failed', answer.text);
    assert.equal((await host.processes()).length, 2);
  });

  test(`${agent} leaves nothing when it is aborted`, { skip: reason }, async () => {
    await using stack = new AsyncDisposableStack();
    const host = await LabHost.start(stack);
    const patient = await attach(stack, host);
    const records = await makeDirectory(stack);
    await host.setFault('dead');
    const abort = new AbortController();
    const answered = fenceDeviceRunner(records)(patient, 'off', abort.signal);
    await eventually(async () => (await readdir(records)).length === 1);
    const mark = await markOf(records);
    await eventually(async () => (await marked(mark)).length > 0);
    abort.abort();
    assert.equal((await answered).outcome, 'unknown');
    assert.deepEqual(await marked(mark), []);
    assert.deepEqual(await readdir(records), []);
  });
}

test(
  'a device that lies is believed by its program: only a heartbeat tells',
  {
    skip: needs(LAB_HOST_NEEDS),
  },
  async () => {
    await using stack = new AsyncDisposableStack();
    const host = await LabHost.start(stack);
    const [liar] = POWER_SWITCHES.filter(({ agent }) => agent === 'fence_process');
    assert.ok(liar !== undefined);
    const believed = await liar.attach(stack, host);
    await host.setFault('lie');
    const runDevice = fenceDeviceRunner(await makeDirectory(stack));
    const signal = AbortSignal.timeout(DEADLINE_MS);
    assert.equal((await runDevice(believed, 'status', signal)).outcome, 'on');
    assert.equal((await runDevice(believed, 'off', signal)).outcome, 'done');
    assert.equal((await runDevice(believed, 'status', signal)).outcome, 'off');
    assert.equal((await host.processes()).length, 2);
  },
);

for (const { agent, skip, attach } of POWER_SWITCHES.filter(({ agent: name }) =>
  ['fence_ipmilan', 'fence_redfish'].includes(name),
)) {
  const reason = needs(LAB_HOST_NEEDS) || skip;

  test(
    `${agent} fails with a wrong password, and tells no password`,
    { skip: reason },
    async () => {
      await using stack = new AsyncDisposableStack();
      const host = await LabHost.start(stack);
      const wrong = 'wrong-s3cret';
      const attached = withParameters(await attach(stack, host), { password: wrong });
      const runDevice = fenceDeviceRunner(await makeDirectory(stack));
      const signal = AbortSignal.timeout(DEADLINE_MS);
      const answer = await runDevice({ ...attached, secrets: [wrong] }, 'off', signal);
      assert.ok(['failed', 'unknown'].includes(answer.outcome), answer.outcome);
      assert.ok(!answer.text.includes(wrong), answer.text);
      assert.equal((await host.processes()).length, 2);
    },
  );

  test(`${agent} is given its password where nobody can list it`, { skip: reason }, async () => {
    await using stack = new AsyncDisposableStack();
    const host = await LabHost.start(stack);
    const attached = await attach(stack, host);
    const runDevice = fenceDeviceRunner(await makeDirectory(stack));
    const watching = new AbortController();
    const seen = watchCommandLines(watching.signal);
    const answer = await runDevice(attached, 'off', AbortSignal.timeout(DEADLINE_MS));
    watching.abort();
    assert.equal(answer.outcome, 'done', answer.text);
    const lines = await seen;
    assert.ok(lines.some((line) => line.includes(agent)));
    // fence_ipmilan itself hands the password to ipmitool as an argument, which wipes it at once.
    const showing = lines.filter((line) => line.includes(PASSWORD) && !isIpmitool(line));
    assert.deepEqual(showing, []);
  });
}

const ABSENT = [
  { agent: 'fence_ipmilan', parameters: { lanplus: '1', cipher: '3', username: 'admin' } },
  { agent: 'fence_powerman', parameters: { plug: 'oss1', delay: '0' } },
  { agent: 'fence_redfish', parameters: { ssl_insecure: '1', username: 'admin' } },
];
for (const { agent, parameters } of ABSENT) {
  test(
    `${agent} knows nothing of a device that is not there`,
    {
      skip: needs({ programs: [agent] }),
    },
    async () => {
      await using stack = new AsyncDisposableStack();
      const ipport = String(await (agent === 'fence_ipmilan' ? freeUdpPort() : freeTcpPort()));
      const where = { ip: '127.0.0.1', ipport, password: PASSWORD };
      const absent = { ...device(agent, { ...parameters, ...where }), timeoutMs: SHORT_MS };
      const records = await makeDirectory(stack);
      const runDevice = fenceDeviceRunner(records);
      for (const action of ['status', 'off'] as const) {
        const answer = await runDevice(absent, action, AbortSignal.timeout(DEADLINE_MS));
        assert.ok(['failed', 'unknown'].includes(answer.outcome), answer.outcome);
        assert.ok(!answer.text.includes(PASSWORD), answer.text);
      }
      assert.deepEqual(await readdir(records), []);
    },
  );
}

async function watchCommandLines(signal: AbortSignal): Promise<string[]> {
  const seen = new Set<string>();
  while (!signal.aborted) {
    for (const line of await commandLines()) seen.add(line);
    await sleep(1);
  }
  return [...seen];
}

function isIpmitool(line: string): boolean {
  return line.startsWith('/usr/bin/ipmitool ');
}

/** The mark that every process of the one fence program on record bears in its environment. */
async function markOf(records: string): Promise<string> {
  const [name = ''] = await readdir(records);
  return `AUREOLE_FENCE=${name.split('.')[0]}`;
}

async function marked(mark: string): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const read = (pid: string) => readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
  const environments = await Promise.all(pids.map(read));
  return pids.filter((_, i) => environments[i]?.split('\0').includes(mark));
}
