// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { restoredHost } from '../core/records.ts';
import type { Fence, HostState } from '../core/state.ts';
import { fenceEndOf } from './status-view.ts';

const HOST = restoredHost({ name: 'oss1', levels: [] }, new Map(), 0);
const OFF = { at: 0, by: 'fence', devices: [], confirmed: true } as const;
const fenceIn = (phase: Fence['phase']): Pick<HostState, 'fence'> => ({
  fence: {
    cause: 'operator',
    text: '',
    since: 0,
    phase,
    level: 0,
    round: 0,
    answers: new Map(),
    witnesses: new Map(),
    answering: false,
  },
});

test('a fence has ended when it is over, whatever was known of the host before', () => {
  assert.equal(fenceEndOf({ ...HOST, off: OFF }), 'off');
  assert.equal(fenceEndOf({ ...HOST, off: { ...OFF, confirmed: false } }), 'failed');
  assert.equal(fenceEndOf({ ...HOST, ...fenceIn('status') }), undefined);
  assert.equal(fenceEndOf({ ...HOST, off: OFF, ...fenceIn('status') }), undefined);
  assert.equal(fenceEndOf({ ...HOST, off: OFF, ...fenceIn('pause') }), 'failed');
});
