// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { AureoleError } from '../kernel/error.ts';
import { loadConfig } from './config.ts';

const folder = mkdtempSync(join(tmpdir(), 'aureole-config-'));
after(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string, mode = 0o600): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

/** The whole complaint, with the file's path cut off. */
function complaintOf(path: string): string {
  try {
    loadConfig(path);
  } catch (error) {
    assert.ok(error instanceof AureoleError);
    const details: unknown = error.details;
    assert.ok(typeof details === 'object' && details !== null && 'code' in details);
    assert.equal(details.code, 'config-invalid');
    return error.message.replaceAll(`${path}:`, '').replaceAll(folder, 'FOLDER');
  }
  return 'no complaint';
}

const HALO = `
hosts:
  - { hostname: oss-1, fence_agent: powerman, fence_parameters: null }
  - hostname: oss-2:9000
    fence_agent: redfish
    fence_parameters: { username: halo, password: "s3cret" }
resources:
  - { name: tankA, kind: heartbeat/ZFS, parameters: { pool: tankA }, dependents: [tankA/ost0, tankA/ost1] }
  - { name: tankA/ost0, kind: lustre/Lustre, parameters: { target: tankA/ost0, mountpoint: /mnt/ost0 }, dependents: [] }
  - { name: tankA/ost1, kind: lustre/Lustre, parameters: { target: tankA/ost1, mountpoint: /mnt/ost1 }, dependents: [] }
  - { name: tankB, kind: heartbeat/ZFS, parameters: { pool: tankB }, dependents: [] }
resource_groups:
  - { root: tankA, home_host: oss-1, failover_hosts: ["oss-2:9000"] }
  - { root: tankB, home_host: "oss-2:9000", failover_hosts: [oss-1] }
`;

test("a HALO file loads unchanged: a host's name has no port, its references may", () => {
  const config = loadConfig(file('halo.yaml', HALO));
  assert.deepEqual(
    [...config.hosts],
    [
      ['oss-1', { address: 'oss-1', port: 8000 }],
      ['oss-2', { address: 'oss-2', port: 9000 }],
    ],
  );
  const group = config.spec.groups.get('tankA');
  assert.equal(group?.homeHost, 'oss-1');
  assert.deepEqual(group?.failoverHosts, ['oss-2']);
  assert.equal(config.spec.mode, 'observe');
  assert.deepEqual(config.spec.hosts.get('oss-2')?.levels, [['oss-2/redfish']]);
  assert.deepEqual(config.devices.get('oss-2/redfish')?.secrets, ['s3cret']);
});

test('two hosts with one and the same fence device are a mistake: it would cut the wrong one', () => {
  const twice = (ip: string): string => `
hosts:
  - { hostname: oss1, fencing: [[{ agent: fence_ipmilan, parameters: { ip: bmc1, plug: 1 } }]] }
  - { hostname: oss2, fencing: [[{ agent: fence_ipmilan, parameters: { plug: 1, ip: ${ip} } }]] }
resources: []
resource_groups: []
`;
  assert.equal(
    complaintOf(file('same-device.yaml', twice('bmc1'))),
    '4:5: fence device "oss2/fence_ipmilan" is the same as "oss1/fence_ipmilan": one of them would cut the power of the wrong host',
  );
  assert.equal(complaintOf(file('own-device.yaml', twice('bmc2'))), 'no complaint');
});

test('parents stand before children, siblings as declared', () => {
  const group = loadConfig(file('halo.yaml', HALO)).spec.groups.get('tankA');
  const tree = group?.resources.map(({ name, parent }) => [name, parent]);
  assert.deepEqual(tree, [
    ['tankA', undefined],
    ['tankA/ost0', 'tankA'],
    ['tankA/ost1', 'tankA'],
  ]);
});

function aureole(change: (text: string) => string = (text) => text): string {
  const secret = file('bmc.password', 'pass word\n');
  return change(`hosts:
  - hostname: oss1
    address: 10.77.0.1
    fencing:
      - - name: ipmi
          agent: fence_ipmilan
          parameters: { ip: 10.77.255.254, ipport: 9001, username: admin, lanplus: 1, cipher: 010 }
          secrets: { password: ${secret} }
          timeout: 5s
          retries: 2
        - { agent: fence_apc, parameters: { plug: 3 } }
      - - { agent: /opt/agents/fence_pdu }
  - hostname: oss2
    fencing: [[{ agent: fence_ipmilan, parameters: { ip: 10.77.255.253 } }]]
resources:
  - name: disk0
    kind: heartbeat/Filesystem
    parameters: { device: /dev/loop7, directory: /mnt/disk0, ratio: 1.10 }
    dependents: [ip0]
    monitor_interval: 3s
    timeouts: { start: 60s, stop: 1m, monitor: 7s }
  - { name: ip0, kind: heartbeat/IPaddr2, parameters: { ip: 10.0.0.1, nic: ~ } }
  - { name: disk1, kind: heartbeat/Filesystem }
resource_groups:
  - { root: disk0, home_host: oss1, failover_hosts: [oss2] }
  - { root: disk1, home_host: oss2, failover_hosts: [oss1], start_after: [disk0] }
ha:
  mode: manage
  heartbeat_timeout: 4s
  manager_host: oss2
  witness: { address: 10.0.0.254, port: 22 }
  fencing: { timeout: 10s, rearm: after 1h }
`).replace('nic: ~', 'nic: "~"');
}

test('a full file gives what its keys say, with scalars as they are written', () => {
  const config = loadConfig(file('full.yaml', aureole()));
  const { spec } = config;
  assert.equal(spec.mode, 'manage');
  assert.equal(spec.managerHost, 'oss2');
  assert.equal(spec.witness, true);
  assert.deepEqual(config.witness, { address: '10.0.0.254', port: 22 });
  assert.deepEqual(spec.hosts.get('oss1')?.levels, [
    ['oss1/ipmi', 'oss1/fence_apc'],
    ['oss1/fence_pdu'],
  ]);
  const ipmi = config.devices.get('oss1/ipmi');
  assert.equal(ipmi?.parameters.get('password'), 'pass word');
  assert.deepEqual(ipmi?.secrets, ['pass word']);
  assert.equal(ipmi?.parameters.get('lanplus'), '1');
  assert.equal(ipmi?.parameters.get('cipher'), '010');
  assert.deepEqual([ipmi?.timeoutMs, ipmi?.retries], [5_000, 2]);
  assert.equal(spec.fencing.timeoutMs, 20_000, 'the default of 10 s, tried twice');
  assert.equal(spec.fencing.rearmMs, 3_600_000);
  const disk0 = config.resources.get('disk0');
  assert.deepEqual(disk0?.parameters, {
    device: '/dev/loop7',
    directory: '/mnt/disk0',
    ratio: '1.10',
  });
  assert.deepEqual(disk0?.timeouts, { start: 60_000, stop: 60_000, monitor: 7_000 });
  assert.equal(config.resources.get('ip0')?.monitorIntervalMs, 5_000);
  const overdue = spec.groups.get('disk0')?.resources.map((one) => one.monitorOverdueMs);
  assert.deepEqual(overdue, [3_000 + 7_000 + 4_000, 5_000 + 20_000 + 4_000]);
  assert.deepEqual(spec.groups.get('disk1')?.startAfter, ['disk0']);
});

/** [what is replaced in the full file, by what]; the complaint stands below. */
const BROKEN: readonly (readonly [from: string, to: string, complaint: string])[] = [
  [
    'hostname: oss2',
    'hostname: oss1:9000',
    `13:15: "oss1" stands here a second time: remove or rename one
25:54: unknown host "oss2": add it to hosts, or write it as it stands there
26:31: unknown host "oss2": add it to hosts, or write it as it stands there
30:17: unknown host "oss2": write one of hosts, or remove the key if the manager runs elsewhere`,
  ],
  [
    'hostname: oss2',
    'hostname: oss2:90000',
    '13:15: hostname: "oss2:90000" is no host name: write name or name:port',
  ],
  [
    'hostname: oss2',
    'hostname: -oss2',
    `13:15: hostname: "-oss2" is no host name: write name or name:port
25:54: unknown host "oss2": add it to hosts, or write it as it stands there
26:31: unknown host "oss2": add it to hosts, or write it as it stands there
30:17: unknown host "oss2": write one of hosts, or remove the key if the manager runs elsewhere`,
  ],
  [
    'hostname: oss2',
    'hostnam: oss2',
    `13:5: hostname is missing: write name or name:port
13:5: unknown key "hostnam": remove it or correct its spelling
25:54: unknown host "oss2": add it to hosts, or write it as it stands there
26:31: unknown host "oss2": add it to hosts, or write it as it stands there
30:17: unknown host "oss2": write one of hosts, or remove the key if the manager runs elsewhere`,
  ],
  [
    'address: 10.77.0.1',
    'address: 10.77/8',
    '3:14: address: "10.77/8" is no address: write a host name or an IP address',
  ],
  [
    'agent: fence_ipmilan\n',
    'agent: ipmilan\n',
    '6:18: agent: write a name like fence_ipmilan, or the absolute path of such a program',
  ],
  [
    'agent: fence_ipmilan\n',
    'agent: /opt/../fence_x\n',
    '6:18: agent: write a name like fence_ipmilan, or the absolute path of such a program',
  ],
  [
    'agent: fence_ipmilan\n',
    'agent: fence_scsi\n',
    '6:18: fence_scsi cuts a host off its storage and not its power, which is not supported: use an agent that switches power',
  ],
  ['retries: 2', 'retries: 11', '10:20: retries: write a whole number from 0 to 10'],
  [
    'timeout: 5s',
    'timeout: 5',
    '9:20: timeout: "5" is no duration: write a whole number and ms, s, m, h or d, like 10s',
  ],
  [
    'timeout: 5s',
    'timeout: 2h',
    '9:20: timeout: 2h is out of range: write a duration from 100ms to 1h',
  ],
  [
    'name: ipmi\n',
    'name: fence_apc\n',
    '11:11: a second fence device "oss1/fence_apc": give it a name of its own',
  ],
  [
    'fencing: [[{ agent: fence_ipmilan, parameters: { ip: 10.77.255.253 } }]]',
    'fence_agent: null',
    `25:53: group "disk0" could never fail over safely, since oss2 cannot be fenced: give this host fencing, or the group no failover_hosts
26:53: group "disk1" could never fail over safely, since oss2 cannot be fenced: give this host fencing, or the group no failover_hosts`,
  ],
  [
    'fencing: [[{ agent: fence_ipmilan, parameters: { ip: 10.77.255.253 } }]]',
    'fence_agent: fence_test',
    "14:18: oss2/fence_test: fence_agent is powerman or redfish; write any other fence_* program under 'fencing'",
  ],
  [
    'fencing: [[{',
    'fence_agent: powerman\n    fencing: [[{',
    '14:5: fence_agent and fencing exclude each other: keep fencing',
  ],
  [
    'fencing: [[{ agent: fence_ipmilan, parameters: { ip: 10.77.255.253 } }]]',
    'fencing: [[]]',
    '14:15: fencing[0]: a level without devices: add one or remove it',
  ],
  [
    '{ ip: 10.77.255.253 }',
    '{ ip: "10.77.255.253\\naction=on" }',
    '14:52: parameter ip: its value holds a line break or another control character',
  ],
  [
    'username: admin, ',
    'username: admin, password: x, ',
    '8:22: password is in parameters and in secrets: remove it from parameters',
  ],
  [
    'plug: 3',
    'action: reboot',
    '11:43: parameter action: set by Aureole; remove it from the parameters',
  ],
  [
    'witness: { address: 10.0.0.254, port: 22 }',
    'witness: 10.0.0.254',
    '31:12: witness: write a mapping with address and port',
  ],
  [
    '- { root: disk1,',
    '- disk1\n  - { root: disk1,',
    '26:5: resource_groups[1]: write a mapping with root, home_host and failover_hosts',
  ],
  ['plug: 3', '__proto__: 3', '11:45: __proto__ cannot be a key: rename it'],
  [
    'dependents: [ip0]',
    'dependents: [ip0, ip0]',
    '19:23: resource "ip0" is reached twice, in group "disk0" as disk0 > ip0 and in group "disk0" as disk0 > ip0: let one remain (shared: true is not supported yet)',
  ],
  [
    'dependents: [ip0]',
    'dependents: [ip9]',
    '19:18: unknown resource "ip9": add it to resources, or correct the name',
  ],
  [
    '{ name: disk1, kind: heartbeat/Filesystem }',
    '{ name: disk1, kind: heartbeat/Filesystem, dependents: [ip0] }',
    '23:61: resource "ip0" is reached twice, in group "disk0" as disk0 > ip0 and in group "disk1" as disk1 > ip0: let one remain (shared: true is not supported yet)',
  ],
  [
    'parameters: { ip: 10.0.0.1, nic: "~" }',
    'dependents: [disk0]',
    '22:55: dependents go round in a circle, disk0 > ip0 > disk0: remove one of them',
  ],
  ['nic: "~"', 'nic: ~', '22:76: nic: write one value, quoted if it is empty'],
  [
    '{ name: disk1,',
    '{ name: ip0,',
    `23:13: "ip0" stands here a second time: remove or rename one
26:13: unknown resource "disk1": add it to resources, or correct the name`,
  ],
  [
    '{ name: disk1,',
    '{ name: oss1,',
    '26:13: unknown resource "disk1": add it to resources, or correct the name',
  ],
  [
    '{ name: disk1, kind: heartbeat/Filesystem }',
    '{ name: disk1, kind: heartbeat/../Filesystem, shared: true }',
    '23:26: kind: is no OCF script: write provider/type, like heartbeat/Filesystem',
  ],
  [
    '{ name: disk1, kind: heartbeat/Filesystem }',
    '{ name: disk1, kind: heartbeat/Filesystem, shared: true }',
    '23:48: shared resources are not supported yet: remove the key, and give each host its own',
  ],
  [
    'monitor_interval: 3s',
    'monitor_intervall: 3s',
    '20:5: unknown key "monitor_intervall": remove it or correct its spelling',
  ],
  [
    'timeouts: { start: 60s, stop: 1m, monitor: 7s }',
    'timeouts: { start: 60s, stop: soon, probe: 7s }',
    `21:35: stop: "soon" is no duration: write a whole number and ms, s, m, h or d, like 10s
21:41: unknown key "probe": remove it or correct its spelling`,
  ],
  [
    'home_host: oss2',
    'home_host: oss3',
    '26:31: unknown host "oss3": add it to hosts, or write it as it stands there',
  ],
  [
    'home_host: oss2, failover_hosts: [oss1]',
    'home_host: oss2, failover_hosts: [oss2]',
    '26:54: host "oss2" is the home host too: remove it here',
  ],
  [
    'home_host: oss2, failover_hosts: [oss1]',
    'home_host: oss2, failover_hosts: [oss1, oss1]',
    '26:60: host "oss1" is listed twice: remove it here',
  ],
  [
    'home_host: oss2, failover_hosts: [oss1], ',
    'home_host: oss2, ',
    '26:5: failover_hosts is missing: write a list of host names, [] for none',
  ],
  [
    'start_after: [disk0]',
    'start_after: [ip0]',
    '26:75: unknown resource group "ip0": write the root of one',
  ],
  [
    'start_after: [disk0]',
    'start_after: [disk1]',
    '26:74: start_after goes round in a circle, disk1 > disk1: remove one of them',
  ],
  ['mode: manage', 'mode: managed', '28:9: mode: write observe or manage'],
  [
    'heartbeat_timeout: 4s',
    'heartbeat_timeout: 4 s',
    '29:22: heartbeat_timeout: "4 s" is no duration: write a whole number and ms, s, m, h or d, like 10s',
  ],
  [
    'manager_host: oss2',
    'manager_host: mgmt1',
    '30:17: unknown host "mgmt1": write one of hosts, or remove the key if the manager runs elsewhere',
  ],
  [
    'rearm: after 1h',
    'rearm: after a while',
    '32:35: rearm: "after a while" is no rule: write manual, or after and a duration from 1m to 30d, like after 1h',
  ],
  [
    'rearm: after 1h',
    'rearm: 1h',
    '32:35: rearm: "1h" is no rule: write manual, or after and a duration from 1m to 30d, like after 1h',
  ],
  [
    'witness: { address: 10.0.0.254, port: 22 }',
    'witness: { address: 10.0.0.254, port: ssh }',
    '31:41: port: write a whole number from 1 to 65535',
  ],
  [
    'ha:\n',
    'ha: []\nhax:\n',
    `27:5: ha: write a mapping
28:1: unknown key "hax": remove it or correct its spelling`,
  ],
  [
    'mode: manage',
    'mode: *unknown',
    '28:9: alias *unknown has no anchor: define &unknown before it',
  ],
  [
    'mode: manage',
    'mode: manage\n  mode: observe',
    '29:3: key "mode" stands here twice: remove one',
  ],
  ['mode: manage', '\tmode: manage', '28:3: is no valid YAML: Tabs are not allowed as indentation'],
  ['mode: manage', '? [mode]\n  : manage', '28:5: a key must be a word: rename it'],
  ['mode: manage', 'mode: !secret manage', '28:9: is no valid YAML: Unresolved tag: !secret'],
  ['hosts:', '--- 1\n---\nhosts:', '2:1: a second YAML document: keep one'],
];

test('each mistake is told with its place and its remedy', () => {
  for (const [from, to, complaint] of BROKEN) {
    const good = aureole();
    const text = good.replace(from, () => to);
    assert.notEqual(text, good, String(from));
    assert.equal(complaintOf(file('broken.yaml', text)), complaint, to);
  }
});

test('what is wrong with the file itself is told in one line', () => {
  const told = (name: string, path: string): string => complaintOf(path).replace(path, name);
  const large = file('large.yaml', `# ${'x'.repeat(8 * 1024 * 1024)}`);
  assert.equal(
    told('PATH', join(folder, 'none.yaml')),
    'configuration file FOLDER/none.yaml does not exist: create it, or correct the path',
  );
  assert.match(told('PATH', folder), /^configuration file \S+ is no regular file: give the path/);
  assert.match(told('PATH', large), /is larger than 8388608 bytes: make it smaller$/);
  const latin = file('latin.yaml', '');
  writeFileSync(latin, Buffer.from([0x61, 0x3a, 0xe9]));
  assert.match(told('PATH', latin), /is not UTF-8 text: save it as UTF-8$/);
  assert.equal(
    complaintOf(file('empty.yaml', '')),
    '1:1: the file: write a mapping with hosts, resources and resource_groups',
  );
  assert.equal(
    complaintOf(file('part.yaml', 'hosts: []\n')),
    `1:1: resources is missing: write a list of resources
1:1: resource_groups is missing: write a list of resource groups`,
  );
});

test('a secret that others may read is refused, wherever it stands', () => {
  const path = file('open.yaml', HALO, 0o640);
  assert.equal(
    complaintOf(path),
    '6:41: password stands in a file that others may read: chmod 600 the file, or name a file that holds only the password under secrets',
  );
  const full = file('full.yaml', aureole(), 0o644);
  assert.equal(complaintOf(full), 'no complaint', 'it names secrets and holds none');
  const secret = join(folder, 'bmc.password');
  chmodSync(secret, 0o604);
  const told = (text: string): string => `8:32: secret file FOLDER/bmc.password ${text}`;
  assert.equal(complaintOf(full), told('may be read by others: chmod 600 it'));
  file('bmc.password', '\n');
  assert.equal(complaintOf(full), told('is empty: write the secret into it'));
  file('bmc.password', 'one\ntwo\n');
  assert.equal(complaintOf(full), told('has more than one line: leave only the secret'));
  rmSync(secret);
  assert.equal(complaintOf(full), told('does not exist: create it, or correct the path'));
});

test('aliases and depth cannot make a small file a huge one', () => {
  const layers = 'abcdefghi'.split('').map((name, index, all) => {
    const before = all[index - 1];
    const item = before === undefined ? 'lol' : `*${before}`;
    return `${name}: &${name} [${Array(10).fill(item).join(', ')}]`;
  });
  assert.match(complaintOf(file('lol.yaml', layers.join('\n'))), /more than 1000 aliases/);
  assert.match(complaintOf(file('self.yaml', 'hosts: &a [*a]')), /nested too deeply/);
  const deep = `hosts: ${'['.repeat(9_000)}${']'.repeat(9_000)}`;
  assert.match(complaintOf(file('deep.yaml', deep)), /^1:\d+: /);
});

test('a long chain of dependents is as good as a short one', () => {
  const names = Array.from({ length: 2_000 }, (_, index) => `r${index}`);
  const resources = names.map((name, index) => {
    const dependents = names.slice(index + 1, index + 2);
    return { name, kind: 'heartbeat/Dummy', dependents };
  });
  const groups = [{ root: 'r0', home_host: 'oss1', failover_hosts: [] }];
  const whole = { hosts: [{ hostname: 'oss1' }], resources, resource_groups: groups };
  const config = loadConfig(file('chain.yaml', JSON.stringify(whole)));
  assert.equal(config.spec.groups.get('r0')?.resources.length, names.length);
});

test('mistakes in one entry hide none in the others', () => {
  const text = aureole((good) =>
    good
      .replace('mode: manage', 'mode: on')
      .replace('retries: 2', 'retries: two')
      .replace('[oss1], start', '[oss9], start'),
  );
  assert.equal(
    complaintOf(file('many.yaml', text)),
    `10:20: retries: write a whole number from 0 to 10
26:54: unknown host "oss9": add it to hosts, or write it as it stands there
28:9: mode: write observe or manage`,
  );
});

test('a damaged file is a good one or a told mistake, never a crash', () => {
  const good = aureole();
  const place = fc.nat(good.length);
  const junk = fc.constantFrom(
    '',
    '\n',
    '  ',
    '- ',
    ': ',
    '{',
    ']',
    '"',
    '&a ',
    '*a',
    '~',
    '\0',
    '__proto__: ',
    '<<: *a',
  );
  fc.assert(
    fc.property(place, fc.nat(40), junk, (from, length, text) => {
      const damaged = good.slice(0, from) + text + good.slice(from + length);
      for (const line of complaintOf(file('damaged.yaml', damaged)).split('\n')) {
        assert.match(line, /^(no complaint|\d+:\d+: \S.*)$/);
      }
    }),
    { numRuns: 150 },
  );
});
