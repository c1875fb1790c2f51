// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unknownSince, type Known } from './knowledge.ts';
import { mayStart, type StartCase } from './start-rule.ts';

const STOPPED: Known = {
  ...unknownSince(100, ''),
  status: 'stopped',
  doubtedAt: 0,
  evidence: { source: 'monitor', askedAt: 101, boot: 'b', incarnation: 'i' },
  text: 'its monitor says so',
};
const RUNNING: Known = { ...STOPPED, status: 'running' };
const UNKNOWN = unknownSince(100, 'its host is silent');
const FENCED: Known = { ...STOPPED, evidence: { source: 'fence', askedAt: 50 } };

const elsewhere = (...known: Known[]): StartCase['others'][number] => {
  return { host: 'oss2', known, outstanding: false };
};

const ALLOWED: StartCase = {
  host: 'oss1',
  inList: true,
  active: true,
  online: true,
  plannedAt: 100,
  here: [STOPPED],
  others: [elsewhere(STOPPED)],
};

const CASES: readonly [what: string, facts: StartCase, starts: boolean, blockedBy?: string][] = [
  ['stopped here and there by fresh answers', ALLOWED, true],
  [
    'stopped there by a fence that is older than the plan',
    { ...ALLOWED, others: [elsewhere(FENCED)] },
    true,
  ],
  ['partly running here', { ...ALLOWED, here: [RUNNING, STOPPED] }, true],
  ['nobody else may run it', { ...ALLOWED, others: [] }, true],
  ['asked in the step that made the plan', { ...ALLOWED, plannedAt: 101 }, true],
  ['not in its list', { ...ALLOWED, inList: false }, false],
  ['deactivated here', { ...ALLOWED, active: false }, false],
  ['silent here', { ...ALLOWED, online: false }, false],
  ['running there', { ...ALLOWED, others: [elsewhere(RUNNING)] }, false, 'oss2'],
  ['unknown there', { ...ALLOWED, others: [elsewhere(UNKNOWN)] }, false, 'oss2'],
  [
    'one of two resources unknown there',
    { ...ALLOWED, others: [elsewhere(STOPPED, UNKNOWN)] },
    false,
    'oss2',
  ],
  [
    'stopped there, but a start may still finish',
    { ...ALLOWED, others: [elsewhere({ ...STOPPED, doubt: 'unfinished' })] },
    false,
    'oss2',
  ],
  [
    'stopped there without evidence',
    { ...ALLOWED, others: [elsewhere({ ...STOPPED, evidence: undefined })] },
    false,
    'oss2',
  ],
  [
    'an order there has not been answered',
    { ...ALLOWED, others: [{ ...elsewhere(STOPPED), outstanding: true }] },
    false,
    'oss2',
  ],
  ['not asked here since the plan', { ...ALLOWED, plannedAt: 102 }, false],
  ['unknown here', { ...ALLOWED, here: [UNKNOWN] }, false],
];

for (const [what, facts, starts, blockedBy] of CASES) {
  test(`${starts ? 'starts' : 'does not start'} a group that is ${what}`, () => {
    const verdict = mayStart(facts);
    assert.equal(verdict.start, starts);
    if (!verdict.start) assert.equal(verdict.blockedBy, blockedBy);
  });
}
