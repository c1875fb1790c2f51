// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { askDemo, serveControl, type Wish } from './control.ts';

async function serve(t: TestContext, fulfil: (wish: Wish) => Promise<string>): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'aureole-control-'));
  const stop = new AbortController();
  t.after(() => {
    stop.abort();
    rmSync(folder, { recursive: true });
  });
  const path = join(folder, 'control.sock');
  await serveControl(path, fulfil, stop.signal);
  return path;
}

test('a wish reaches the demo that runs, and its answer comes back', async (t) => {
  const path = await serve(t, (wish) => Promise.resolve(`done: ${wish.type}`));
  assert.equal(await askDemo(path, { type: 'act', act: 'cut', host: 'oss1' }), 'done: act');
});

test('why a wish is not fulfilled is told to who had it', async (t) => {
  const path = await serve(t, () => Promise.reject(new Error('oss1 is off')));
  await assert.rejects(askDemo(path, { type: 'kill-manager' }), /oss1 is off/);
});

test('without a demo the error says how to start one', async () => {
  const nowhere = join(tmpdir(), 'aureole-no-such-demo.sock');
  await assert.rejects(askDemo(nowhere, { type: 'kill-manager' }), /npm start/);
});
