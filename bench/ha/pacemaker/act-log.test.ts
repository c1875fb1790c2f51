// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ActLog } from './act-log.ts';

function withLog(lines: readonly string[], look: (log: ActLog) => void): void {
  const folder = mkdtempSync(join(tmpdir(), 'act-log-'));
  try {
    const path = join(folder, 'acts.log');
    writeFileSync(path, lines.join('\n'));
    look(new ActLog(path, ['a', 'b']));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const STARTED = ['1.0 a h1 start begin', '1.1 b h1 start begin', '1.2 a h1 start 0'];

test('all run there once the last of them has been started', () => {
  withLog([...STARTED, ''], (log) => assert.equal(log.runAllOn('h1'), false));
  withLog([...STARTED, '1.3 b h1 start 0', ''], (log) => {
    assert.equal(log.runAllOn('h1'), true);
    const starts = log.startsOn('h1', 900);
    assert.deepEqual(
      starts?.map(({ beganAt, endedAt }) => [beganAt, endedAt]),
      [
        [1_000, 1_200],
        [1_100, 1_300],
      ],
    );
    assert.equal(log.startsOn('h1', 1_050), undefined);
  });
});

test('a line that is still being written is none', () => {
  withLog([...STARTED, '1.3 b h1 start 0'], (log) => assert.equal(log.runAllOn('h1'), false));
});

test('what was stopped since, or failed to start, does not run', () => {
  const all = [...STARTED, '1.3 b h1 start 0'];
  withLog([...all, '2.0 a h1 stop begin', '2.1 a h1 stop 0', ''], (log) =>
    assert.equal(log.runAllOn('h1'), false),
  );
  withLog([...all, '2.0 a h1 start begin', '2.1 a h1 start 1', ''], (log) =>
    assert.equal(log.runAllOn('h1'), false),
  );
});
