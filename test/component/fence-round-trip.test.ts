// SPDX-License-Identifier: Apache-2.0
/** Real fence programs and real power switches: an off means that nothing of the host is left. */
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { PowerAction, PowerOutcome } from '../../src/ha/core/messages.ts';
import { checkFenceAgent } from '../../src/ha/fencing/refused.ts';
import { fenceDeviceRunner } from '../../src/ha/fencing/run.ts';
import { needs } from '../needs.ts';
import {
  LAB_HOST_NEEDS,
  LabHost,
  makeDirectory,
  POWER_SWITCHES,
  processesOf,
} from './fence-bench.ts';

const FREEZER = '/sys/fs/cgroup/freezer/cgroup.procs';

for (const { agent, skip, attach } of POWER_SWITCHES) {
  const reason = needs(LAB_HOST_NEEDS) || skip;

  test(`${agent} really switches a host off and on`, { skip: reason }, async () => {
    await using stack = new AsyncDisposableStack();
    const host = await LabHost.start(stack);
    const device = await attach(stack, host);
    const records = await makeDirectory(stack);
    const runDevice = fenceDeviceRunner(records);
    const ask = async (action: PowerAction, expected: PowerOutcome) => {
      const answer = await runDevice(device, action, AbortSignal.timeout(20_000));
      assert.equal(answer.outcome, expected, answer.text);
    };
    const namespace = await host.namespace();
    const boot = await host.boot();

    await ask('status', 'on');
    assert.equal((await processesOf(namespace)).length, 2);
    assert.deepEqual(await readdir(join(host.directory, 'run')), ['boot']);

    await ask('off', 'done');
    assert.deepEqual(await processesOf(namespace), []);
    assert.deepEqual(await readdir(join(host.directory, 'run')), []);
    await ask('status', 'off');
    await ask('off', 'done');

    await ask('on', 'done');
    await ask('status', 'on');
    assert.notEqual(await host.boot(), boot);
    assert.deepEqual(await readdir(records), []);
  });

  const frozenReason = reason || needs({ files: [FREEZER] });
  test(`${agent} switches a frozen host off`, { skip: frozenReason }, async () => {
    await using stack = new AsyncDisposableStack();
    const host = await LabHost.start(stack);
    const device = await attach(stack, host);
    const namespace = await host.namespace();
    await host.freeze(stack);
    const runDevice = fenceDeviceRunner(await makeDirectory(stack));
    const answer = await runDevice(device, 'off', AbortSignal.timeout(20_000));
    assert.equal(answer.outcome, 'done', answer.text);
    assert.deepEqual(await processesOf(namespace), []);
  });

  test(`${agent} is not refused`, { skip }, async () => {
    const path = agent === 'fence_process' ? join('src/lab/bmc', agent) : agent;
    assert.deepEqual(await checkFenceAgent(path), { type: 'ok' });
  });
}

const INSTALLED = ['fence_scsi', 'fence_mpath', 'fence_brocade', 'fence_ifmib', 'fence_kdump'];
for (const agent of INSTALLED) {
  test(
    `${agent} is refused by its own metadata`,
    { skip: needs({ programs: [agent] }) },
    async () => {
      assert.equal((await checkFenceAgent(agent)).type, 'refused');
    },
  );
}
