// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseDurationMs, parseTimeouts } from './meta-data.ts';

test('durations are read as scripts write them', () => {
  const known = {
    '20': 20_000,
    '20s': 20_000,
    '20000ms': 20_000,
    '1m': 60_000,
    ' 2 min ': 120_000,
  };
  for (const [text, durationMs] of Object.entries(known)) {
    assert.equal(parseDurationMs(text), durationMs, text);
  }
  for (const text of ['', '0', '-1', '1.5s', 's', '20 apples', '99999999999', '25h', 'P1D']) {
    assert.equal(parseDurationMs(text), undefined, text);
  }
});

test('the time-outs of actions are found in any spelling that XML allows', () => {
  const timeouts = parseTimeouts(`<?xml version="1.0"?>
    <!-- <action name="start" timeout="1s" /> -->
    <resource-agent name="x"><parameters><parameter name="start" timeout="5s"/></parameters>
    <actions>
      <action name="start" timeout='90s' />
      <action timeout = "60s"
              name = "stop"></action>
      <action name="monitor" depth="0" timeout="20" interval="10"/>
      <action name="monitor" depth="20" timeout="600" />
      <action name="promote" timeout="soon" note="a > b" />
    </actions></resource-agent>`);
  const expected = { start: 90_000, stop: 60_000, monitor: 20_000 };
  assert.deepEqual(Object.fromEntries(timeouts), expected);
});

test('of two entries for one action the longer time holds', () => {
  const text =
    '<action name="monitor" timeout="10" /><action name="monitor" role="Slave" timeout="30"/>';
  assert.equal(parseTimeouts(text).get('monitor'), 30_000);
});

test('whatever a script prints, reading it ends, and soon', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      parseTimeouts(text);
      parseTimeouts(`<action ${text}`);
    }),
  );
  const begunAt = performance.now();
  for (const piece of ['<action ', '<action "', '<action \'"', '<!--', '<action a="b" ', ' =']) {
    parseTimeouts(`<action ${piece.repeat(500_000 / piece.length)}`);
  }
  assert.ok(performance.now() - begunAt < 5_000);
});
