// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hostPowers, renderPowers } from './show-power.ts';

const reading = (device: string, power: 'on' | 'off' | 'unknown', text = '') => {
  return { host: 'oss1', device: `oss1/${device}`, power, text };
};
const shown = (...readings: readonly ReturnType<typeof reading>[]): string =>
  renderPowers(hostPowers(['oss1'], readings), false);

test('a host is on if one device says so, and off if all of them do', () => {
  assert.equal(shown(reading('a', 'on'), reading('b', 'unknown')), 'oss1 is on');
  assert.equal(shown(reading('a', 'off'), reading('b', 'off')), 'oss1 is off');
  assert.equal(shown(reading('a', 'off'), reading('b', 'on')), 'oss1 is on');
});

test('what a device does not tell is not off, and its words say why', () => {
  assert.equal(
    shown(reading('a', 'off'), reading('b', 'unknown', 'login denied')),
    'Could not determine power status for oss1: oss1/b: login denied',
  );
  assert.equal(shown(), 'Could not determine power status for oss1: it has no fence device');
});

test('verbose tells what each device says', () => {
  const powers = hostPowers(['oss1'], [reading('a', 'on', 'Status: ON')]);
  assert.equal(renderPowers(powers, true), 'oss1 is on\n  oss1/a: on (Status: ON)');
});
