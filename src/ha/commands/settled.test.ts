// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { GroupView, HostView, Status } from '../contract.ts';
import type { Verb } from '../core/messages.ts';
import { settled, type Settled } from './settled.ts';

function host(name: string, more: Partial<HostView> = {}): HostView {
  const base = { active: true, armed: true, devices: [], reason: 'answers' };
  return { name, status: 'online', ...base, ...more };
}

/** At home on oss1, running there. */
function group(more: Partial<GroupView> = {}): GroupView {
  const runsOn = more.status === undefined || more.status === 'running' ? more.host : undefined;
  const at = runsOn ?? 'oss1';
  const isUp = (more.status ?? 'running') === 'running';
  const hosts = ['oss1', 'oss2'].map((one) => {
    const known = isUp && one === at ? ('running' as const) : ('stopped' as const);
    return { host: one, status: known, text: '' };
  });
  const base = { homeHost: 'oss1', failoverHosts: ['oss2'], managed: true, reason: 'why' };
  const resources = [{ name: 'pool', kind: 'k', hosts }];
  return { name: 'pool', status: 'running', host: 'oss1', ...base, resources, ...more };
}

function status(groups: GroupView[], hosts = [host('oss1'), host('oss2')]): Status {
  const epoch = { journal: 'j', number: 1 };
  return { mode: 'manage', acting: true, epoch, hosts, groups, alarms: [] };
}

const OFF = host('oss1', { status: 'off' });
const AWAY = { host: 'oss2' } as const;
const FENCE = { cause: '', phase: 'status', sinceMsAgo: 1 };
const fenced = [host('oss1', { fence: FENCE }), host('oss2')];

const CASES: readonly [
  what: string,
  order: readonly [Verb, string],
  of: Status,
  state: Settled['state'],
][] = [
  ['a group at home', ['failback', 'pool'], status([group()]), 'done'],
  ['all groups of a host at home', ['failback', 'oss1'], status([group()]), 'done'],
  ['what is at home elsewhere', ['failback', 'oss2'], status([group(AWAY)]), 'done'],
  [
    'it is to go home',
    ['failback', 'oss1'],
    status([group({ ...AWAY, movingTo: 'oss1' })]),
    'waiting',
  ],
  ['it stops to go home', ['failback', 'pool'], status([group({ status: 'stopping' })]), 'waiting'],
  ['it starts at home', ['failback', 'pool'], status([group({ status: 'starting' })]), 'waiting'],
  ['the way home was given up', ['failback', 'pool'], status([group(AWAY)]), 'failed'],
  [
    'it has failed on its way',
    ['failback', 'pool'],
    status([group({ status: 'failed' })]),
    'failed',
  ],
  ['it runs on the host still', ['deactivate', 'oss1'], status([group()]), 'waiting'],
  ['it has left', ['deactivate', 'oss1'], status([group(AWAY)]), 'done'],
  ['it is on its way', ['deactivate', 'oss1'], status([group({ status: 'starting' })]), 'waiting'],
  [
    'it is stopped everywhere',
    ['deactivate', 'oss1'],
    status([group({ status: 'waiting' })]),
    'done',
  ],
  [
    'only an unmanaged one is there',
    ['deactivate', 'oss1'],
    status([group({ managed: false })]),
    'done',
  ],
  ['it has nowhere else', ['deactivate', 'oss1'], status([group({ failoverHosts: [] })]), 'failed'],
  ['it is being fenced', ['fence', 'oss1'], status([group()], fenced), 'waiting'],
  ['the fence has ended', ['fence', 'oss1'], status([group()]), 'failed'],
  [
    'off, and its group elsewhere',
    ['fence', 'oss1'],
    status([group(AWAY)], [OFF, host('oss2')]),
    'done',
  ],
  [
    'off, and its group not yet elsewhere',
    ['power-off', 'oss1'],
    status([group({ status: 'starting' })], [OFF, host('oss2')]),
    'waiting',
  ],
  [
    'off, and nobody can take its group',
    ['power-off', 'oss1'],
    status([group({ status: 'waiting' })], [OFF, host('oss2', { active: false })]),
    'done',
  ],
  [
    'it was off, was told on, and is being switched off anew',
    ['power-off', 'oss1'],
    status([group(AWAY)], [{ ...OFF, fence: FENCE }, host('oss2')]),
    'waiting',
  ],
  ['it boots', ['power-on', 'oss1'], status([], [host('oss1', { status: 'silent' })]), 'waiting'],
  ['it answers', ['power-on', 'oss1'], status([]), 'done'],
  ['it starts', ['cleanup', 'pool'], status([group({ status: 'starting' })]), 'waiting'],
  ['it runs', ['manage', 'pool'], status([group()]), 'done'],
  [
    'it is to move at once',
    ['activate', 'oss1'],
    status([group({ ...AWAY, movingTo: 'oss1' })]),
    'waiting',
  ],
  ['it runs on two hosts', ['manage', 'pool'], status([group({ status: 'conflict' })]), 'failed'],
  ['the word was taken', ['confirm-off', 'oss1'], status([]), 'done'],
  ['the name is gone', ['failback', 'tank'], status([group()]), 'failed'],
  ['another manager acts', ['failback', 'pool'], { ...status([group()]), acting: false }, 'failed'],
  [
    'nothing is done',
    ['manage', 'pool'],
    { ...status([group({ status: 'stopped' })]), mode: 'observe' },
    'done',
  ],
];

for (const [what, [verb, target], of, state] of CASES) {
  test(`${verb} ${target} is ${state} when this holds: ${what}`, () => {
    const judged = settled(of, { verb, target });
    assert.equal(judged.state, state, judged.text);
    assert.notEqual(judged.text, '');
  });
}

test('why a group stays is told in the words of the event, where there was one', () => {
  const order = { verb: 'failback', target: 'oss1' } as const;
  const stays = new Map([['pool', 'stays on oss2: oss1 does not answer']]);
  assert.deepEqual(settled(status([group(AWAY)]), order, stays), {
    state: 'failed',
    text: 'pool stays on oss2: oss1 does not answer',
  });
});
