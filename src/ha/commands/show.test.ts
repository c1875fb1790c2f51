// SPDX-License-Identifier: Apache-2.0
/** What an administrator reads, word for word. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PLAIN } from '../../runtime/command.ts';
import type { EventView, Explanation, GroupView, HostView, Status } from '../contract.ts';
import { renderDetails } from './show-details.ts';
import { renderEvents } from './show-events.ts';
import { renderExplanation } from './show-explanation.ts';
import { healthOf } from './show-health.ts';
import { renderStatus, type StatusReport } from './show-status.ts';

process.env['TZ'] = 'Etc/GMT-2';

function host(name: string, change: Partial<HostView> = {}): HostView {
  const devices = [{ name: `${name}/ipmi`, level: 0, trust: 'proven', power: 'on' }] as const;
  return {
    name,
    status: 'online',
    active: true,
    armed: true,
    heardMsAgo: 120,
    devices: [...devices],
    reason: 'it answers',
    ...change,
  };
}

type Known = GroupView['resources'][number]['hosts'][number];

function group(name: string, on: string, change: Partial<GroupView> = {}): GroupView {
  const hosts: Known[] = ['oss1', 'oss2'].map((one) =>
    one === on
      ? { host: one, status: 'running', text: 'monitor said 0' }
      : { host: one, status: 'stopped', text: 'monitor said 7' },
  );
  return {
    name,
    homeHost: 'oss1',
    failoverHosts: ['oss2'],
    managed: true,
    status: 'running',
    host: on,
    reason: '',
    resources: [
      { name, kind: 'heartbeat/ZFS', hosts },
      { name: `${name}/ost0`, kind: 'lustre/Lustre', parent: name, hosts },
      { name: 'ip', kind: 'heartbeat/IPaddr2', parent: `${name}/ost0`, hosts },
    ],
    ...change,
  };
}

function status(change: Partial<Status> = {}): Status {
  return {
    mode: 'manage',
    acting: true,
    epoch: { journal: 'j', number: 3 },
    hosts: [host('oss1'), host('oss2')],
    groups: [group('tankA', 'oss1')],
    alarms: [],
    ...change,
  };
}

test('a healthy cluster is shown with its trees and its fence devices', () => {
  assert.equal(
    renderDetails(status(), PLAIN, false),
    `Resource groups
  tankA  running on oss1
    tankA         heartbeat/ZFS      running on oss1
      tankA/ost0  lustre/Lustre      running on oss1
        ip        heartbeat/IPaddr2  running on oss1

Hosts
  oss1  online
      fence device ipmi, level 1: power on, proven
  oss2  online
      fence device ipmi, level 1: power on, proven`,
  );
});

test('of a healthy cluster the exceptions are one line', () => {
  assert.equal(
    renderDetails(status(), PLAIN, true),
    '1 resource group at home and running, 2 hosts online.',
  );
});

const TROUBLE = status({
  mode: 'observe',
  acting: false,
  hosts: [
    host('oss1', {
      status: 'silent',
      heardMsAgo: 72_000,
      armed: false,
      reason: 'no answer for heartbeat_timeout',
      fence: { cause: 'silent for 10s', phase: 'asking oss1/ipmi for off', sinceMsAgo: 3_100 },
      devices: [
        { name: 'oss1/ipmi', level: 0, trust: 'unproven', power: 'unknown' },
        { name: 'pdu', level: 1, trust: 'wrong', power: 'off' },
      ],
    }),
    host('oss2', { active: false, notFenced: 'the witness does not answer', devices: [] }),
    host('oss3', { certificate: { expires: '2026-12-01T00:00:00.000Z', daysLeft: 11 } }),
    host('mds1', {
      status: 'refused',
      heardMsAgo: 4_000,
      reason: 'its kernel lives, its agent does not answer',
    }),
    host('mds2', { status: 'unheard', reason: '' }),
    host('mds3', { status: 'off', reason: 'confirmed by ipmi' }),
  ],
  groups: [
    group('tankA', 'oss2', { reason: 'oss1 was fenced' }),
    group('tankB', 'oss1', {
      managed: false,
      status: 'degraded',
      reason: 'ip has failed 3 times on oss1',
      resources: [
        {
          name: 'tankB',
          kind: 'heartbeat/ZFS',
          hosts: [
            { host: 'oss1', status: 'running', text: '' },
            { host: 'oss2', status: 'running', text: '' },
          ],
        },
        {
          name: 'ip',
          kind: 'heartbeat/IPaddr2',
          parent: 'tankB',
          hosts: [
            { host: 'oss1', status: 'stopped', text: 'monitor said 7' },
            { host: 'oss2', status: 'unknown', text: 'no answer' },
          ],
        },
      ],
    }),
    group('tankC', 'oss1'),
  ],
  alarms: [
    { host: 'oss1', text: 'the fence device pdu is wired to another host' },
    { group: 'tankB', text: 'runs on two hosts' },
    { text: 'the journal is full' },
  ],
});

test('what is wrong stands first, and each thing says why', () => {
  assert.equal(
    renderDetails(TROUBLE, PLAIN, true),
    `ALARM  oss1: the fence device pdu is wired to another host
ALARM  tankB: runs on two hosts
ALARM  the journal is full
Another manager has taken over: this one does nothing.
Observe mode: Aureole watches and does nothing (see ha.mode).

Resource groups
  tankA  running on oss2 (failed over from oss1)
      oss1 was fenced
    tankA         heartbeat/ZFS      running on oss2
      tankA/ost0  lustre/Lustre      running on oss2
        ip        heartbeat/IPaddr2  running on oss2
  tankB  degraded on oss1 (unmanaged)
      ip has failed 3 times on oss1
    tankB         heartbeat/ZFS      running on oss1 and oss2
      ip          heartbeat/IPaddr2  stopped on oss1: monitor said 7; unknown on oss2: no answer

Hosts
  oss1  silent for 1m 12s
      no answer for heartbeat_timeout
      fencing for 3s: asking oss1/ipmi for off (because: silent for 10s)
      not fenced again by itself: look at the host, then aureole reset oss1
      fence device ipmi, level 1: power unknown, unproven: it has not yet said on while the host was answering
      fence device pdu, level 2: power off, WRONG DEVICE: it says off for a host that answers
  oss2  online (deactivated)
      not fenced: the witness does not answer
      no fence device
  mds1  without an agent
      its kernel lives, its agent does not answer
      fence device ipmi, level 1: power on, proven
  mds2  not heard of yet
      fence device ipmi, level 1: power on, proven
  mds3  off (confirmed)
      confirmed by ipmi
      fence device ipmi, level 1: power on, proven`,
  );
});

test('everything is shown without -x, what is well included', () => {
  const text = renderDetails(TROUBLE, PLAIN, false);
  assert.match(text, /\n {2}tankC {2}running on oss1\n/);
  assert.match(text, /\n {2}oss3 {2}online\n {6}certificate until 2026-12-01 \(11 days\)\n/);
});

test('colours change nothing but colours', () => {
  const marked = renderDetails(TROUBLE, { paint: (style, text) => `<${style}>${text}</>` }, false);
  assert.match(marked, /<red>ALARM<\/> {2}oss1/);
  assert.equal(marked.replaceAll(/<[a-z/]+>/g, ''), renderDetails(TROUBLE, PLAIN, false));
});

const EVENTS: readonly EventView[] = [
  {
    id: 7,
    time: '2026-09-01T10:11:12.345Z',
    name: 'ha.host.fenced',
    severity: 'alarm',
    host: 'oss1',
    text: 'silent for 10s',
  },
  {
    id: 8,
    time: '2026-09-01T10:11:13.000Z',
    name: 'ha.order.unmanage',
    severity: 'warning',
    group: 'tankA',
    resource: 'tankA',
    text: 'done (resilvering)',
    operator: 'eve',
  },
  {
    id: 9,
    time: '2026-09-01T10:11:14Z',
    name: 'manager.started',
    severity: 'info',
    text: 'epoch 4',
  },
];

test('an event is one line: when, what, of what, why, and by whom', () => {
  assert.equal(
    renderEvents(EVENTS, PLAIN),
    `2026-09-01 12:11:12.345 event=ha.host.fenced object=oss1 comment="silent for 10s"
2026-09-01 12:11:13 event=ha.order.unmanage object=tankA comment="done (resilvering) (by eve)"
2026-09-01 12:11:14 event=manager.started object=- comment="epoch 4"`,
  );
  assert.equal(renderEvents([], PLAIN), undefined);
});

test('an explanation is the state, what led to it, and what the scripts said', () => {
  const explanation: Explanation = {
    kind: 'group',
    group: group('tankA', 'oss2', { reason: 'oss1 was fenced' }),
    events: EVENTS.slice(0, 1),
    outputs: [
      {
        host: 'oss2',
        resource: 'ip',
        operation: 'start',
        begun: '2026-09-01T10:11:20.001Z',
        durationMs: 1_234,
        outcome: 'exit 1',
        stdout: 'one\n\n  two\n',
        stderr: 'no such device\n',
      },
    ],
  };
  assert.equal(
    renderExplanation(explanation, PLAIN),
    `  tankA  running on oss2 (failed over from oss1)
      oss1 was fenced
    tankA         heartbeat/ZFS      running on oss2
      tankA/ost0  lustre/Lustre      running on oss2
        ip        heartbeat/IPaddr2  running on oss2
    may run on oss1, then oss2

Events
2026-09-01 12:11:12.345 event=ha.host.fenced object=oss1 comment="silent for 10s"

Scripts, newest first
2026-09-01 12:11:20.001  oss2 ip start: exit 1 after 1s
  out| one
  out|   two
  err| no such device`,
  );
});

test('a comment keeps its quotes, and an event of a resource its host', () => {
  const event: EventView = {
    id: 1,
    time: '2026-09-01T10:11:12.345Z',
    name: 'ha.resource.failed',
    severity: 'warning',
    host: 'oss1',
    group: 'tankA',
    resource: 'ip',
    text: 'said "no" \\ \u001B[31mand\nmore',
  };
  assert.equal(
    renderEvents([event], PLAIN),
    String.raw`2026-09-01 12:11:12.345 event=ha.resource.failed object=ip comment="on oss1: said \"no\" \\ and more"`,
  );
});

function report(change: Partial<StatusReport> = {}): StatusReport {
  return { ...status(), events: EVENTS.slice(2), ...change };
}

test('the status of a cluster that is well is what HALO prints, byte for byte', () => {
  const groups = [group('tankB', 'oss1', { resources: [] }), group('tankA', 'oss1')];
  assert.equal(
    renderStatus(report({ groups }), PLAIN, false),
    [
      'tankA               \t(heartbeat/ZFS)\tRunning on oss1',
      ' tankA/ost0         \t(lustre/Lustre)\tRunning on oss1',
      '  ip                \t(heartbeat/IPaddr2)\tRunning on oss1',
      '',
      'Connected hosts:\toss[1-2]',
      'Disconnected hosts:\t',
      'Events: ',
      '2026-09-01 12:11:14 event=manager.started object=- comment="epoch 4"',
    ].join('\n'),
  );
  assert.equal(renderStatus(report({ groups }), PLAIN, true), '', 'one empty line');
});

test('siblings are shown in their order, each with what stands on it', () => {
  const { hosts = [] } = group('tankA', 'oss1').resources[0] ?? {};
  const one = (name: string, parent?: string): GroupView['resources'][number] => ({
    name,
    kind: 'a/B',
    hosts,
    ...(parent === undefined ? {} : { parent }),
  });
  const resources = [one('z'), one('b', 'z'), one('a', 'z'), one('d', 'b'), one('c', 'a')];
  const text = renderStatus(report({ groups: [group('z', 'oss1', { resources })] }), PLAIN, false);
  assert.deepEqual(
    text.split('\n', 5).map((line) => line.split('\t')[0]?.trimEnd()),
    ['z', ' b', '  d', ' a', '  c'],
  );
});

const down = group('tankB', '', {
  status: 'failed',
  reason: 'ip has failed 3 times on oss1',
  resources: [
    {
      name: 'tankB',
      kind: 'heartbeat/ZFS',
      hosts: [
        { host: 'oss2', status: 'unknown', text: 'no answer' },
        { host: 'oss1', status: 'unknown', text: 'start: exit 1' },
      ],
    },
    {
      name: 'ip',
      kind: 'heartbeat/IPaddr2',
      parent: 'tankB',
      hosts: [
        { host: 'oss1', status: 'stopped', text: 'monitor said 7' },
        { host: 'oss2', status: 'unknown', text: 'no answer' },
      ],
    },
    {
      name: 'ip2',
      kind: 'heartbeat/IPaddr2',
      parent: 'tankB',
      hosts: [{ host: 'oss1', status: 'stopped', text: '' }],
    },
  ],
});

test('what is not well is told in words of HALO, with what it has no words for around them', () => {
  const devices = (name: string): HostView['devices'] => [
    { name: `${name}/ipmi`, level: 0, trust: 'unproven', power: 'unknown' },
  ];
  const text = renderStatus(
    report({
      mode: 'observe',
      hosts: [
        host('oss1', { armed: false }),
        host('oss2', { status: 'silent', devices: devices('oss2') }),
        host('oss3', { active: false, devices: devices('oss3') }),
        host('oss4', { status: 'off', active: false }),
      ],
      groups: [
        down,
        group('tankA', 'oss2', {
          managed: false,
          resources: group('tankA', 'oss2').resources.slice(0, 1),
        }),
      ],
      alarms: [{ group: 'tankB', text: 'ip has failed 3 times on oss1' }],
      events: [],
    }),
    PLAIN,
    true,
  );
  assert.equal(
    text,
    [
      'ALARM  tankB: ip has failed 3 times on oss1',
      'Observe mode: Aureole watches and does nothing (see ha.mode).',
      '',
      'tankA               \t(heartbeat/ZFS)\tRunning (Failed Over) on oss2 (Unmanaged)',
      'tankB               \t(heartbeat/ZFS)\tError ip has failed 3 times on oss1  (Unmanaged)',
      ' ip                 \t(heartbeat/IPaddr2)\tError no answer  (Unmanaged)',
      ' ip2                \t(heartbeat/IPaddr2)\tStopped (Unmanaged)',
      '',
      'Disconnected hosts:\toss2, oss4 (deactivated)',
      'Fenced hosts:\toss1',
      'Warnings:',
      'oss[2-3]: fence device ipmi, level 1: power unknown, unproven: it has not yet said on while the host was answering',
    ].join('\n'),
  );
});

test('of what runs at home, -x keeps what is unmanaged', () => {
  const groups = [group('tankA', 'oss1', { managed: false }), group('tankB', 'oss1')];
  const lines = renderStatus(report({ groups }), PLAIN, true).split('\n');
  assert.equal(lines.length, 4, 'three resources, and the empty line');
  assert.ok(lines.slice(0, 3).every((line) => line.endsWith('Running on oss1 (Unmanaged)')));
});

test('the health of a cluster is one line, and says why it is not well', () => {
  const cases: readonly (readonly [Partial<Status>, verdict: string, text: string])[] = [
    [{}, 'done', 'well: 1 resource group at home and running, 2 hosts online'],
    [
      { mode: 'observe' },
      'done',
      'well: 1 resource group at home and running, 2 hosts online (observe mode)',
    ],
    [{ alarms: [{ text: 'a' }, { text: 'b' }] }, 'degraded', 'degraded: 2 alarms'],
    [
      { groups: [group('tankA', 'oss2', { managed: false })] },
      'degraded',
      'degraded: tankA runs on oss2, away from oss1; tankA is unmanaged',
    ],
    [
      { hosts: [host('oss1', { armed: false }), host('oss2', { status: 'off', active: false })] },
      'degraded',
      'degraded: oss1: fenced and not reset; oss2: off, deactivated',
    ],
    [{ acting: false }, 'degraded', 'degraded: another manager has taken over'],
    [
      { groups: [down], alarms: [{ text: 'a' }] },
      'down',
      'down: tankB is failed (ip has failed 3 times on oss1); degraded: 1 alarm',
    ],
    [
      { groups: [group('tankA', '', { status: 'unknown', reason: '' })] },
      'down',
      'down: tankA is unknown',
    ],
  ];
  for (const [change, verdict, text] of cases) {
    assert.deepEqual(healthOf(status(change)), { verdict, text });
  }
  const many = Array.from({ length: 12 }, (_, place) => host(`oss${place}`, { active: false }));
  assert.match(healthOf(status({ hosts: many })).text, /oss7: deactivated; and 4 more$/);
});
