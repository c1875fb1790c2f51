// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AureoleError, type Effect } from '../kernel/error.ts';
import { exitCodeOfError, exitCodeOfVerdict } from './exit.ts';

test('each verdict has its exit code', () => {
  const verdicts = ['done', 'failed', 'refused', 'unknown', 'degraded', 'down'] as const;
  assert.deepEqual(verdicts.map(exitCodeOfVerdict), [0, 1, 3, 4, 10, 11]);
});

test('each error has its exit code: by what it is, else by whether it may have happened', () => {
  const cases: readonly (readonly [code: string, effect: Effect, exit: number])[] = [
    ['usage', 'none', 2],
    ['nodeset-wrong', 'none', 2],
    ['not-confirmed', 'none', 3],
    ['manager-unreachable', 'none', 5],
    ['manager-silent', 'none', 5],
    ['manager-silent', 'unknown', 4],
    ['manager-refused', 'none', 1],
    ['interrupted', 'unknown', 4],
    ['config-invalid', 'none', 64],
    ['journal-in-use', 'none', 64],
    ['agent-state-damaged', 'none', 64],
    ['journal-not-written', 'none', 1],
  ];
  for (const [code, effect, exit] of cases) {
    assert.equal(exitCodeOfError(new AureoleError('', { code }, { effect })), exit, code);
  }
  assert.equal(exitCodeOfError(new Error('a bug')), 1);
});
