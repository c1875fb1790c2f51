// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { checkFenceAgent, judgeMetadata } from './refused.ts';

const OFF_STATUS = '<action name="off" /><action name="status" />';

test('an agent whose hosts are let in again by themselves cuts no power', () => {
  for (const on of ['on_target="1"', 'automatic="1"', "automatic='true'"]) {
    assert.match(judgeMetadata(`<action name="on" ${on}/>${OFF_STATUS}`) ?? '', /cuts storage/);
  }
});

test('an agent that switches power is accepted', () => {
  assert.equal(judgeMetadata(`<action name="on" automatic="0"/>${OFF_STATUS}`), undefined);
});

test('an agent without off, or without a status to confirm it, is refused', () => {
  assert.match(judgeMetadata('<action name="status" />') ?? '', /no action off/);
  assert.match(judgeMetadata('<action name="off" />') ?? '', /no action status/);
});

test('an agent of which only its name tells what it is worth is refused', async () => {
  const check = await checkFenceAgent('/usr/sbin/fence_sbd');
  assert.match(check.type === 'refused' ? check.reason : '', /cuts no power/);
});

test('a program that is not installed, or no fence agent, is refused with the remedy', async () => {
  const absent = await checkFenceAgent('fence_absent');
  assert.match(absent.type === 'refused' ? absent.reason : '', /not found in .*install it/);
  const other = await checkFenceAgent('ls');
  assert.match(other.type === 'refused' ? other.reason : '', /begins with fence_/);
});

test('an agent that does not tell in time is not refused: nobody knows', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'aureole-refused-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const agent = join(folder, 'fence_slow');
  writeFileSync(agent, '#!/bin/sh\nsleep 600\n', { mode: 0o755 });
  const check = await checkFenceAgent(agent, 100);
  assert.equal(check.type, 'unknown');
  assert.match(check.type === 'unknown' ? check.reason : '', /did not answer within 100 ms/);
});

test('an agent is asked for its metadata', async () => {
  const agent = join(import.meta.dirname, '../../lab/bmc/fence_process');
  assert.deepEqual(await checkFenceAgent(agent), { type: 'ok' });
});
