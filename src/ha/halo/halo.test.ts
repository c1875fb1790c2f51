// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { GroupView, HostView, OrderAnswer, Status } from '../contract.ts';
import { commandHost, OBSERVES, type HaloHands, type HostCommand } from './host-command.ts';
import { haloStatus } from './status.ts';

const host = (name: string, more: Partial<HostView> = {}): HostView => ({
  name,
  status: 'online',
  active: true,
  armed: true,
  devices: [],
  reason: '',
  ...more,
});

const group = (more: Partial<GroupView> = {}): GroupView => ({
  name: 'pool',
  homeHost: 'oss1',
  failoverHosts: ['oss2'],
  managed: true,
  status: 'running',
  reason: '',
  resources: [],
  ...more,
});

const status = (hosts: HostView[], more: Partial<Status> = {}): Status => ({
  mode: 'manage',
  acting: true,
  epoch: { journal: 'j', number: 1 },
  hosts,
  groups: [group()],
  alarms: [],
  ...more,
});

/** What was ordered, and what was answered. */
async function command(
  name: string,
  body: HostCommand,
  seen: Status,
  outcome: OrderAnswer['outcome'] = 'done',
  end: 'off' | 'failed' | 'never' = 'off',
): Promise<readonly (number | string)[]> {
  let ordered: string | undefined;
  const hands: HaloHands = {
    order: ({ verb, target, force, reason }) => {
      ordered = [verb, target, ...(force ? ['force'] : []), reason].join(' ').trim();
      return Promise.resolve({ id: '1', outcome, text: 'the core says no' });
    },
    fenceEnd: () => Promise.resolve(end === 'never' ? undefined : end),
  };
  const answer = await commandHost(name, body, seen, hands);
  return [answer.status, answer.text, ...(ordered === undefined ? [] : [ordered])];
}

const both = [host('oss1'), host('oss2')];
const fenced = { armed: false };
const UNDER_WAY = { fence: { cause: '', phase: 'off', sinceMsAgo: 0 } };

test('a command that HALO would carry out is carried out, with its comment as the reason', async () => {
  const comment = 'why';
  for (const [body, seen, expected] of [
    [{ command: 'activate', comment }, both, 'activate oss1 why'],
    [{ command: 'deactivate', comment: null }, both, 'deactivate oss1'],
    [{ command: 'failback' }, both, 'failback oss1'],
    [{ command: 'fence', comment }, both, 'fence oss1 why'],
    [{ command: 'fence', force: true }, [host('oss1', fenced)], 'fence oss1 force'],
    [{ command: 'reset' }, [host('oss1', fenced), host('oss2')], 'reset oss1'],
    [{ command: 'reset' }, [host('oss1', UNDER_WAY)], 'reset oss1'],
  ] as const) {
    // The partner is there, if only by name.
    const hosts = seen.length === 1 ? [...seen, host('oss2')] : [...seen];
    assert.deepEqual(await command('oss1', body, status(hosts)), [200, '', expected]);
  }
});

test('what HALO refuses is refused with its code and its text, and nothing is ordered', async () => {
  const observing = status(both, { mode: 'observe' });
  const alone = status([host('oss1')], { groups: [group({ failoverHosts: [] })] });
  const with2 = (more: Partial<HostView>): Status => status([host('oss1'), host('oss2', more)]);
  const with1 = (more: Partial<HostView>): Status => status([host('oss1', more), host('oss2')]);
  for (const [body, seen, code, text] of [
    [{ command: 'activate' }, observing, 409, OBSERVES.text],
    [{ command: 'reset' }, status(both), 409, 'Host has not been fenced.'],
    [{ command: 'reset' }, alone, 409, 'Host has not been fenced.'],
    [{ command: 'explode' }, alone, 400, 'Host does not have a failover partner.'],
    [{ command: 'explode' }, status(both), 400, 'Unsupported command.'],
    [
      { command: 'failback' },
      with1({ active: false }),
      409,
      'Host is deactivated. Please activate it before running resources on it.',
    ],
    [{ command: 'fence' }, with2({ active: false }), 409, 'Partner is deactivated.'],
    [{ command: 'fence' }, with2({ status: 'silent' }), 409, 'Partner is disconnected.'],
    [{ command: 'fence' }, with1(fenced), 409, 'Host has already been fenced.'],
    [
      { command: 'fence', force: true },
      with1(UNDER_WAY),
      409,
      'Another fence request is already in progress. Wait for it to finish.',
    ],
    [
      { command: 'deactivate' },
      with2({ active: false }),
      409,
      'Partner host is already deactivated. You cannot deactivate both hosts in a pair.',
    ],
  ] as const)
    assert.deepEqual(await command('oss1', body, seen), [code, text], text);
  assert.deepEqual(await command('oss9', { command: 'fence' }, status(both)), [404, '']);
});

test('what the core refuses, too, and a fence that does not end well, are told', async () => {
  const fence = { command: 'fence' };
  const asked = 'fence oss1';
  assert.deepEqual(await command('oss1', fence, status(both), 'refused'), [
    409,
    'the core says no',
    asked,
  ]);
  assert.deepEqual(await command('oss1', fence, status(both), 'accepted', 'failed'), [
    500,
    'Fence operation failed. The host is not powered off.',
    asked,
  ]);
  const [code, text] = await command('oss1', fence, status(both), 'accepted', 'never');
  assert.equal(code, 500);
  assert.match(String(text), /not known/);
});

test('the status has HALO’s fields, in its order and its words', () => {
  const at = (on: string, now: 'running' | 'stopped' | 'unknown', failed?: true) => ({
    host: on,
    status: now,
    text: `text of ${on}`,
    ...(failed && { failed }),
  });
  const resources = [
    { name: 'pool', kind: 'heartbeat/ZFS', hosts: [at('oss1', 'running'), at('oss2', 'stopped')] },
    { name: 'pool/a', kind: 'lustre/Lustre', parent: 'pool', hosts: [at('oss1', 'unknown', true)] },
    { name: 'deep', kind: 'x/Y', parent: 'pool/a', hosts: [] },
    { name: 'pool/b', kind: 'lustre/Lustre', parent: 'pool', hosts: [at('oss1', 'unknown')] },
  ];
  const hosts = [
    host('oss1', { ...fenced, status: 'off' }),
    host('oss2', { active: false, ...UNDER_WAY }),
  ];
  const time = new Date(2026, 8, 1, 10, 11, 12, 345).toISOString();
  const event = { id: 1, time, severity: 'info', text: 'text', operator: 'eve' } as const;
  const events = [
    { ...event, name: 'ha.order.unmanage', group: 'pool', outcome: 'done', reason: 'why' } as const,
    { ...event, name: 'ha.order.activate', host: 'oss1', outcome: 'refused' } as const,
    { ...event, name: 'ha.order.activate', host: 'oss1', outcome: 'accepted' } as const,
    { ...event, name: 'ha.host.off', host: 'oss1' },
    { ...event, name: 'ha.events.cleared', text: '' },
    { ...event, name: 'ha.host.silent', host: 'oss1' },
  ];
  const answer = haloStatus(
    status(hosts, { groups: [group({ resources })] }),
    events,
    (name): Record<string, string> => (name === 'pool' ? { pool: 'p' } : {}),
  );
  const own = { home_host: 'oss1', failover_host: 'oss2', exclusive: true, managed: true };
  const none = { parameters: {}, dependents: [] };
  const said = (words: string, comment: string | null) => ({ status: words, comment });
  const timestamp = '2026-09-01 10:11:12.345';
  assert.deepEqual(answer, {
    resources: [
      {
        ...own,
        id: 'pool',
        kind: 'heartbeat/ZFS',
        parameters: { pool: 'p' },
        status: { oss1: said('Running', null), oss2: said('Stopped', null) },
        dependents: ['pool/a', 'pool/b'],
      },
      {
        ...own,
        ...none,
        id: 'pool/a',
        kind: 'lustre/Lustre',
        status: { oss1: said('Error', 'text of oss1') },
        dependents: ['deep'],
      },
      {
        ...own,
        ...none,
        id: 'pool/b',
        kind: 'lustre/Lustre',
        status: { oss1: said('Unknown', 'text of oss1') },
      },
      { ...own, ...none, id: 'deep', kind: 'x/Y', status: {} },
    ],
    hosts: [
      { id: 'oss1', active: true, connected: false, fenced: true },
      { id: 'oss2', active: false, connected: true, fenced: true },
    ],
    events: [
      { timestamp, event: 'unmanage', obj_id: 'pool', comment: 'why' },
      { timestamp, event: 'activate', obj_id: 'oss1', comment: null },
      { timestamp, event: 'fence', obj_id: 'oss1', comment: 'text' },
      { timestamp, event: 'clear', obj_id: 'events', comment: null },
    ],
  });
});

test('nothing is managed while the manager only observes, and a group that has failed is in error', () => {
  const hosts = [{ host: 'oss1', status: 'unknown', text: 'no' } as const];
  const resources = [{ name: 'pool', kind: 'x/Y', hosts }];
  const failed = group({ status: 'failed', failoverHosts: [], resources });
  const seen = status([], { mode: 'observe', groups: [failed] });
  const answer = JSON.stringify(haloStatus(seen, [], () => ({})));
  assert.match(answer, /"managed":false/);
  assert.match(answer, /"failover_host":null/);
  assert.match(answer, /"oss1":\{"status":"Error","comment":"no"\}/);
});
