// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { parseAnswers, scriptOf } from './questions.ts';

test('a shell answers each question, with the status of the program that was asked', () => {
  const { stdout } = spawnSync('sh', { input: scriptOf('mark-1'), encoding: 'utf8' });
  const answers = parseAnswers(stdout, 'mark-1');
  assert.equal(answers?.name.code, 0);
  assert.match(answers?.name.text ?? '', /^\S+\n$/);
  assert.ok(answers?.mounts !== undefined);
});

test('what begins like a mark is text like any other', () => {
  const line = (question: string, text: string): string => `m ${question}\n${text}\nm end 0\n`;
  const rest = ['importable', 'mounts', 'bmc'].map((question) => line(question, '')).join('');
  const text = `${line('name', 'oss1\n')}${line('pools', 'other pools\nother end 1\n')}${rest}`;
  assert.equal(parseAnswers(text, 'm')?.pools.text, 'other pools\nother end 1\n');
});

test('half of the answers are none', () => {
  assert.equal(parseAnswers('m name\noss1\n\nm end 0\nm pools\ntank', 'm'), undefined);
  assert.equal(parseAnswers('', 'm'), undefined);
});
