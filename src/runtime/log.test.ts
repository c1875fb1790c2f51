// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { logLevelOf } from './log.ts';

function level(name: string, value: string): string {
  return logLevelOf(() => ({ name, value, from: `${name} in FILE:1` }));
}

test("without a setting the service's own words are logged", () => {
  assert.equal(
    logLevelOf(() => undefined),
    'info',
  );
});

test('a level that is named is taken, and a word that is none is a mistake', () => {
  assert.equal(level('AUREOLE_LOG_LEVEL', 'debug'), 'debug');
  assert.throws(
    () => level('AUREOLE_LOG_LEVEL', 'loud'),
    /^AureoleError: AUREOLE_LOG_LEVEL in FILE:1: "loud" is no level: write error, warn, info, debug$/,
  );
});

test("of HALO's directives the most talkative one about HALO itself counts", () => {
  const cases = [
    ['warn', 'warn'],
    ['trace', 'debug'],
    ['off', 'error'],
    ['ERROR,halo_lib::manager=info', 'info'],
    ['halo', 'debug'],
    ['warn,rustls=trace', 'warn'],
    ['debug/fence', 'debug'],
    ['rustls=debug', 'info'],
    ['???', 'info'],
  ];
  for (const [directives = '', expected] of cases) {
    assert.equal(level('HALO_LOG', directives), expected, directives);
  }
});
