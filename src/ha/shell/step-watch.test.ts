// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StepWatch } from './step-watch.ts';

test('what a step brings is found after it, and what is there already at once', async () => {
  const steps = new StepWatch();
  const brought: string[] = [];
  let looks = 0;
  const find = (): string | undefined => {
    looks += 1;
    return brought[0];
  };
  const found = steps.until(find, new AbortController().signal);
  steps.taken();
  brought.push('off');
  steps.taken();
  assert.equal(await found, 'off');
  assert.equal(await steps.until(find, new AbortController().signal), 'off');
  const before = looks;
  steps.taken();
  assert.equal(looks, before, 'nobody looks any more');
});

test('whoever stops waiting is told that nothing came', async () => {
  const steps = new StepWatch();
  const stop = new AbortController();
  const found = steps.until(() => undefined, stop.signal);
  stop.abort();
  assert.equal(await found, undefined);
  assert.equal(await steps.until(() => undefined, AbortSignal.abort()), undefined);
});
