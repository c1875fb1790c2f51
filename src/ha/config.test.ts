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

test("HALO's fence agents ask the BMC or plug that is named, else the one named as the host", () => {
  const text = `
hosts:
  - { hostname: oss1, fence_agent: powerman, fence_parameters: null }
  - { hostname: "oss2:9000", fence_agent: powerman, fence_parameters: { plug: rack7-3, ipaddr: pm1, ipport: 10101 } }
  - { hostname: oss3, fence_agent: redfish, fence_parameters: { username: halo, password: a } }
  - { hostname: oss4, fence_agent: redfish, fence_parameters: { username: halo, password: b, ip: oss4-bmc, ipport: 8443, ssl_insecure: 0 } }
  - { hostname: oss5, fence_agent: null, fence_parameters: null }
  - { hostname: oss6 }
resources: []
resource_groups: []
`;
  const { devices, spec } = loadConfig(file('shorthand.yaml', text));
  const told = [...devices.values()].map(({ name, agent, parameters }) => {
    const words = [...parameters].map(([key, value]) => `${key}=${value}`);
    return `${name}: ${agent} ${words.join(' ')}`;
  });
  assert.deepEqual(told, [
    'oss1/powerman: fence_powerman ip=localhost plug=oss1',
    'oss2/powerman: fence_powerman ip=pm1 plug=rack7-3 ipport=10101',
    'oss3/redfish: fence_redfish ip=oss3 ssl_insecure=1 username=halo password=a',
    'oss4/redfish: fence_redfish ip=oss4-bmc ssl_insecure=0 username=halo password=b ipport=8443',
  ]);
  assert.deepEqual(
    [...spec.hosts.values()].map(({ levels }) => levels.length),
    [1, 1, 1, 1, 0, 0],
  );
});

test('a port that no host names is the one of the settings', () => {
  const config = loadConfig(file('halo.yaml', HALO), 8_001);
  const ports = [...config.hosts.values()].map(({ port }) => port);
  assert.deepEqual(ports, [8_001, 9_000]);
});

test('node groups and operators are handed on', () => {
  const more = 'node_groups: { all: "@oss,mds1", oss: "oss-[1-2]" }\nha: { operators: storage }\n';
  const config = loadConfig(file('more.yaml', HALO + more));
  assert.deepEqual(
    [...config.nodeGroups],
    [
      ['all', '@oss,mds1'],
      ['oss', 'oss-[1-2]'],
    ],
  );
  assert.equal(config.operators, 'storage');
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
  const twice = aureole((good) => good.replace('admin, ', 'admin, password: x, '));
  assert.equal(
    complaintOf(file('twice.yaml', twice)),
    '8:22: password is in parameters and in secrets: remove it from parameters',
  );
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
