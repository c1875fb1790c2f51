// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EventView, GroupView, Status } from '../ha/contract.ts';
import { Narrator } from './narrator.ts';

function narrate(): { readonly narrator: Narrator; readonly told: () => readonly string[] } {
  const lines: string[] = [];
  const print = (line: string): void => void lines.push(line);
  const narrator = new Narrator({ print, paint: (_style, text) => text });
  const told = (): readonly string[] => {
    narrator.flush();
    return lines.splice(0);
  };
  return { narrator, told };
}

function statusWith(host: string, group: Partial<GroupView> = {}): Status {
  const mgs: GroupView = {
    name: 'mgs',
    homeHost: 'oss1',
    failoverHosts: ['oss2'],
    managed: true,
    status: 'running',
    host,
    reason: '',
    resources: [],
    ...group,
  };
  const epoch = { journal: 'j', number: 1 };
  return { mode: 'manage', acting: true, epoch, hosts: [], groups: [mgs], alarms: [] };
}

function eventAt(at: number, text: string): EventView {
  const time = new Date(at).toISOString();
  return { id: 1, time, name: 'ha.test', severity: 'info', host: 'oss1', text };
}

test('after a fault every line bears the time since it, until all runs again', () => {
  const { narrator, told } = narrate();
  const at = Date.now();
  narrator.status(statusWith('oss1'));
  told();
  narrator.acted('cut', 'oss1', at);
  narrator.event(eventAt(at + 3_010, 'no answer for 3 s'));
  narrator.status(statusWith('oss2'));
  narrator.event(eventAt(at + 60_000, 'later'));
  const clock = (ms: number): string => new Date(at + ms).toISOString().slice(11, 23);
  assert.deepEqual(told(), [
    `${clock(0)}    +0.000 s  oss1   the cable is cut`,
    `${clock(3_010)}    +3.010 s  oss1   no answer for 3 s (ha.test)`,
    `${clock(3_010)}    +3.010 s         All that ran on oss1 runs again, 3.010 s after the fault.`,
    `${clock(60_000)}              oss1   later (ha.test)`,
  ]);
});

test('what was heard late stands where it happened', () => {
  const { narrator, told } = narrate();
  narrator.event(eventAt(2_000, 'second'));
  narrator.news({ type: 'power', at: 1_000, host: 'oss1', text: 'off' }, 2_500);
  assert.deepEqual(
    told().map((line) => line.slice(0, 12)),
    ['00:00:01.000', '00:00:02.000'],
  );
});

test('a disk that is used twice is told once, and what the manager asks only after a fault', () => {
  const { narrator, told } = narrate();
  narrator.news({ type: 'twice', text: 'mgs: mounted on oss1 and oss2' }, 1_000);
  narrator.news({ type: 'twice', text: 'mgs: mounted on oss1 and oss2' }, 1_100);
  narrator.news({ type: 'manager', at: 1_200, text: 'power status oss1/ipmi' }, 1_200);
  const lines = told();
  assert.equal(lines.length, 1);
  assert.match(lines[0] ?? '', /A DISK IS USED TWICE AT ONCE: mgs: mounted on oss1 and oss2$/);
});
