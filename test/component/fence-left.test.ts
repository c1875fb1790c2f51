// SPDX-License-Identifier: Apache-2.0
/** A manager that is killed leaves its fence program running; the next one ends it. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { endLeftFencePrograms } from '../../src/ha/fencing/left-programs.ts';
import { findMembers } from '../../src/runtime/process-table.ts';
import { needs } from '../needs.ts';
import {
  eventually,
  LAB_HOST_NEEDS,
  LabHost,
  makeDirectory,
  POWER_SWITCHES,
} from './fence-bench.ts';

const RUN = join(import.meta.dirname, '../../src/ha/fencing/run.ts');

/** A manager as far as fencing goes: told by its arguments what to run. */
const MANAGER = `
import { fenceDeviceRunner } from ${JSON.stringify(RUN)};
const [records, agent, parameters] = process.argv.slice(1);
const device = {
  name: 'oss1/test', agent, parameters: new Map(JSON.parse(parameters)),
  secrets: [], timeoutMs: 60_000, retries: 0,
};
await fenceDeviceRunner(records)(device, 'off', AbortSignal.timeout(60_000));
`;

for (const { agent, skip, attach } of POWER_SWITCHES) {
  test(
    `${agent} of a killed manager is ended by the next one`,
    {
      skip: needs(LAB_HOST_NEEDS) || skip,
    },
    async () => {
      await using stack = new AsyncDisposableStack();
      const host = await LabHost.start(stack);
      const device = await attach(stack, host);
      const records = await makeDirectory(stack);
      await host.setFault('dead');
      const told = [records, device.agent, JSON.stringify([...device.parameters])];
      const manager = spawn(
        process.execPath,
        ['--input-type=module', '-e', MANAGER, '--', ...told],
        {
          stdio: 'inherit',
        },
      );
      stack.defer(() => void manager.kill('SIGKILL'));
      await eventually(async () => (await readdir(records)).length === 1);
      const [name = ''] = await readdir(records);
      const tree = { mark: `AUREOLE_FENCE=${name.split('.')[0]}` };
      await eventually(async () => (await findMembers(tree)).length > 0);

      const exited = once(manager, 'exit');
      manager.kill('SIGKILL');
      await exited;
      assert.notDeepEqual(await findMembers(tree), [], 'the fence program outlives its manager');

      assert.deepEqual(await endLeftFencePrograms(records), [
        { device: 'oss1/test', action: 'off', ended: true },
      ]);
      assert.deepEqual(await findMembers(tree), []);
      assert.deepEqual(await readdir(records), []);
    },
  );
}
