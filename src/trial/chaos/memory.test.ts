// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryJudge, type Sample } from './memory.ts';

const SECOND_MS = 1_000;

function judge(of: (second: number) => Partial<Sample>): readonly string[] {
  const memory = new MemoryJudge();
  return Array.from({ length: 600 }, (_, second) => {
    const sample = { name: 'h1', process: 'a', rssMb: 60, files: 20, atMs: second * SECOND_MS };
    return memory.see({ ...sample, ...of(second) });
  }).flatMap((text) => text ?? []);
}

test('a process that stays as it is, warms up or breathes is well', () => {
  assert.deepEqual(
    judge(() => ({})),
    [],
  );
  assert.deepEqual(
    judge((second) => ({ rssMb: Math.min(60, 10 + second) })),
    [],
  );
  assert.deepEqual(
    judge((second) => ({ rssMb: 60 + 14 * (second % 2) })),
    [],
  );
});

test('memory and open files that grow for as long as it lives are told once', () => {
  assert.match(
    judge((second) => ({ rssMb: 60 + second / 10 })).join(),
    /^h1: its memory grew from \d+/,
  );
  assert.match(judge((second) => ({ files: 20 + second })).join(), /^h1: its open files grew/);
});

test('what was restarted begins anew', () => {
  const grows = (second: number): Partial<Sample> => {
    return { rssMb: 60 + (second % 150), process: `${Math.floor(second / 150)}` };
  };
  assert.deepEqual(judge(grows), []);
});
