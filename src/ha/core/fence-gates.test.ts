// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mayFence, type FenceCase, type Gate } from './fence-gates.ts';

const OPEN: FenceCase = {
  cause: 'silence',
  mode: 'manage',
  superseded: false,
  armed: true,
  provenLevel: true,
  helps: { group: 'ost0', target: 'oss2' },
  othersAnswer: 2,
  managerOnHost: false,
  witness: 'none',
  reached: 'no',
  onReached: 'alarm',
  silentHosts: 1,
  hosts: 4,
  fencesUnderWay: 0,
  isWitness: false,
  isManagerHost: false,
  maxConcurrent: 1,
  fencesLastHour: 0,
  maxPerHour: 4,
};
const { helps: _, ...HELPS_NOBODY } = OPEN;

const SHUT: readonly [what: string, facts: FenceCase, gate: Gate, pending: boolean][] = [
  ['we only observe', { ...OPEN, mode: 'observe' }, 'mode', false],
  ['another manager has taken over', { ...OPEN, superseded: true }, 'superseded', false],
  ['it helps no group', HELPS_NOBODY, 'helps', false],
  ['it may hold an unmanaged group', { ...OPEN, unmanaged: 'ost1' }, 'unmanaged', false],
  ['it was fenced and not reset', { ...OPEN, armed: false }, 'armed', false],
  ['it was switched on and boots', { ...OPEN, switched: 'on' }, 'switched', true],
  ['it was switched off', { ...OPEN, switched: 'off', mode: 'observe' }, 'switched', true],
  ['no level of its devices is proven', { ...OPEN, provenLevel: false }, 'devices', false],
  ['nobody else answers', { ...OPEN, othersAnswer: 0 }, 'cut-off', false],
  ['we run on a host without a witness', { ...OPEN, managerOnHost: true }, 'witness', false],
  [
    'the witness has not answered',
    { ...OPEN, managerOnHost: true, witness: 'asked' },
    'witness',
    true,
  ],
  ['the witness is silent', { ...OPEN, managerOnHost: true, witness: 'no' }, 'witness', false],
  ['a quarter and one are silent', { ...OPEN, silentHosts: 3, hosts: 8 }, 'many-silent', false],
  ['two of four are silent', { ...OPEN, silentHosts: 2 }, 'many-silent', false],
  ['the target has not been heard', { ...OPEN, reached: 'asked' }, 'reached', true],
  ['no target could say', { ...OPEN, reached: 'unknown' }, 'reached', true],
  ['a target reaches it', { ...OPEN, reached: 'yes' }, 'reached', false],
  ['one fence is under way', { ...OPEN, fencesUnderWay: 1 }, 'concurrent', false],
  ['a fence under way waits for its word', { ...OPEN, isWitness: true }, 'concurrent', false],
  ['the manager runs on it', { ...OPEN, isManagerHost: true }, 'own-host', false],
  ['only our own host could take it', { ...OPEN, reached: 'nobody' }, 'reached', false],
  ['the hour has had its fences', { ...OPEN, fencesLastHour: 4 }, 'hourly', false],
];

for (const [what, facts, gate, pending] of SHUT) {
  test(`a silent host is not fenced when ${what}`, () => {
    const verdict = mayFence(facts);
    assert.equal(verdict.fence, false);
    if (verdict.fence) return;
    assert.deepEqual([verdict.gate, verdict.pending], [gate, pending]);
    assert.notEqual(verdict.reason, '');
  });
}

const ALLOWED: readonly [what: string, facts: FenceCase][] = [
  ['all gates are open', OPEN],
  [
    'only our own host could take it and the witness answers',
    { ...OPEN, othersAnswer: 0, managerOnHost: true, witness: 'yes', reached: 'nobody' },
  ],
  ['a quarter of the hosts is silent', { ...OPEN, silentHosts: 2, hosts: 8 }],
  ['one of two hosts is silent', { ...OPEN, hosts: 2, othersAnswer: 1 }],
  ['the witness of a manager on a host answers', { ...OPEN, managerOnHost: true, witness: 'yes' }],
  ['a target reaches it and the site says fence', { ...OPEN, reached: 'yes', onReached: 'fence' }],
  [
    'a stop failed on a host that answers',
    { ...OPEN, cause: 'stop-failed', reached: 'yes', othersAnswer: 0 },
  ],
  [
    'its agent is gone and the site says fence',
    { ...OPEN, cause: 'agent', reached: 'yes', silentHosts: 3 },
  ],
];

for (const [what, facts] of ALLOWED) {
  test(`a host is fenced when ${what}`, () => {
    assert.deepEqual(mayFence(facts), { fence: true });
  });
}
