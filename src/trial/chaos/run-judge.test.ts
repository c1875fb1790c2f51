// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { RunJudge } from './run-judge.ts';

function openHosts(t: TestContext): { judge: RunJudge; file: (host: string) => string } {
  const directory = mkdtempSync(join(tmpdir(), 'aureole-run-judge-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const names = ['h1', 'h2'];
  for (const name of names)
    mkdirSync(join(directory, name, 'resource-agents'), { recursive: true });
  const hosts = names.map((name) => ({ name, run: () => join(directory, name) }));
  const off = { name: 'h3', run: () => undefined };
  const file = (host: string): string => join(directory, host, 'resource-agents', 'Recorded-g1');
  return { judge: new RunJudge([...hosts, off]), file };
}

test('what runs on one host, and then on another one, runs once', (t) => {
  const { judge, file } = openHosts(t);
  writeFileSync(file('h1'), '');
  assert.deepEqual(judge.look(), []);
  rmSync(file('h1'));
  writeFileSync(file('h2'), '');
  assert.deepEqual(judge.look(), []);
  assert.deepEqual(judge.holders(), new Map([['g1', ['h2']]]));
});

test('what runs on two hosts at once is told, and told once', (t) => {
  const { judge, file } = openHosts(t);
  writeFileSync(file('h1'), '');
  writeFileSync(file('h2'), '');
  assert.match(judge.look()[0] ?? '', /^g1 runs on h1 and on h2 /);
  assert.deepEqual(judge.look(), []);
});
