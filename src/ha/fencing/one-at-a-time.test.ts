// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FenceDevice, PowerAnswer, RunFenceDevice } from './contract.ts';
import { oneAtATime } from './one-at-a-time.ts';

const never = new AbortController().signal;

function device(name: string): FenceDevice {
  return {
    name,
    agent: 'fence_x',
    parameters: new Map(),
    secrets: [],
    timeoutMs: 1_000,
    retries: 0,
  };
}

/** Programs that end when they are told to, or are ended by their signal. */
class Programs {
  readonly told: string[] = [];
  readonly #running = new Map<string, (answer: PowerAnswer) => void>();

  readonly run: RunFenceDevice = ({ name }, action, signal) => {
    const key = `${action} ${name}`;
    this.told.push(key);
    return new Promise((resolve) => {
      this.#running.set(key, resolve);
      signal.addEventListener('abort', () => {
        this.told.push(`${key} ended`);
        resolve({ outcome: 'unknown', text: 'ended' });
      });
    });
  };

  end(key: string, answer: PowerAnswer): void {
    this.#running.get(key)?.(answer);
  }
}

test('off comes after an on that still runs, and devices do not wait for each other', async () => {
  const programs = new Programs();
  const run = oneAtATime(programs.run);
  const on = run(device('a'), 'on', never);
  const off = run(device('a'), 'off', never);
  const other = run(device('b'), 'off', never);
  await Promise.resolve();
  assert.deepEqual(programs.told, ['on a', 'off b']);
  programs.end('on a', { outcome: 'done', text: '' });
  await on;
  await Promise.resolve();
  assert.deepEqual(programs.told, ['on a', 'off b', 'off a']);
  programs.end('off a', { outcome: 'done', text: '' });
  programs.end('off b', { outcome: 'failed', text: '' });
  assert.equal((await off).outcome, 'done');
  assert.equal((await other).outcome, 'failed');
});

test('questions that run or wait give way to what switches, and later ones come after it', async () => {
  const programs = new Programs();
  const run = oneAtATime(programs.run);
  const first = run(device('a'), 'status', never);
  const second = run(device('a'), 'status', never);
  await Promise.resolve();
  const off = run(device('a'), 'off', never);
  const third = run(device('a'), 'status', never);
  assert.equal((await first).outcome, 'unknown');
  assert.equal((await second).text, 'not asked');
  await Promise.resolve();
  assert.deepEqual(programs.told, ['status a', 'status a ended', 'off a']);
  programs.end('off a', { outcome: 'done', text: '' });
  await off;
  await Promise.resolve();
  programs.end('status a', { outcome: 'off', text: '' });
  assert.equal((await third).outcome, 'off');
});
