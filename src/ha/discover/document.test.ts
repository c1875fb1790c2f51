// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { loadConfig, type HaConfig } from '../config.ts';
import { putTogether, type FoundHost } from './cluster.ts';
import { renderDocument } from './document.ts';
import type { Findings } from './findings.ts';

function host(name: string, findings: Partial<Findings>): FoundHost {
  return {
    host: name,
    findings: { pools: [], importable: [], targets: [], notes: [], ...findings },
  };
}

const pool0 = { name: 'pool0', guid: '1' };
const ost0 = { device: 'pool0/ost0', mountpoint: '/mnt/ost 0', type: 'ost' } as const;

function load(t: TestContext, text: string): HaConfig {
  const folder = mkdtempSync(join(tmpdir(), 'aureole-discover-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'aureole.yaml');
  writeFileSync(path, text, { mode: 0o600 });
  writeFileSync(join(folder, 'password'), 'secret\n', { mode: 0o600 });
  return loadConfig(path);
}

function document(hosts: readonly FoundHost[]): string {
  return renderDocument(hosts, [], putTogether(hosts));
}

test('what was found can be loaded as it is', (t) => {
  const disk = { device: '/dev/mapper/mdt0', mountpoint: '/mnt/mdt0', type: 'mdt' } as const;
  const text = document([host('oss1', { pools: [pool0], targets: [ost0, disk] })]);
  const { spec, resources } = load(t, text);
  assert.deepEqual([...spec.groups.keys()], ['pool0', '/dev/mapper/mdt0']);
  assert.equal(resources.get('pool0/ost0')?.parameters['mountpoint'], '/mnt/ost 0');
});

test('with its blanks filled in it is a cluster that fails over', (t) => {
  const text = document([
    host('oss1', { pools: [pool0], targets: [ost0], bmc: '10.0.0.1' }),
    host('oss2', { importable: [pool0], bmc: '10.0.0.2' }),
  ]);
  const filled = text
    .replaceAll('# fencing:', 'fencing:')
    .replaceAll('USER', 'admin')
    .replaceAll(/secrets: \{.*?\}/g, 'secrets: {}');
  const { spec, devices } = load(t, filled);
  assert.deepEqual(spec.groups.get('pool0')?.failoverHosts, ['oss2']);
  assert.equal(devices.get('oss2/ipmi')?.parameters.get('ip'), '10.0.0.2');
});

test('names that mean something to YAML stay names', (t) => {
  const name = '{a:#b,"c}';
  const target = { device: `${name}/ost0`, mountpoint: '/mnt/x: y', type: 'ost' } as const;
  const text = document([host('007', { pools: [{ name, guid: '1' }], targets: [target] })]);
  const { spec, resources } = load(t, text);
  assert.ok(spec.hosts.has('007'));
  assert.equal(resources.get(`${name}/ost0`)?.parameters['mountpoint'], '/mnt/x: y');
});

test('pools of one name that are two, or one on two hosts, are left out with a word', () => {
  const local = putTogether([
    host('oss1', { pools: [{ name: 'rpool', guid: '1' }] }),
    host('oss2', { pools: [{ name: 'rpool', guid: '2' }] }),
  ]);
  assert.deepEqual(local.groups, []);
  assert.match(local.notes.join(), /rpool is another one on each of oss1 and oss2/);
  const twice = putTogether([
    host('oss1', { pools: [pool0], targets: [ost0] }),
    host('oss2', { pools: [pool0] }),
  ]);
  assert.deepEqual(twice.groups, []);
  assert.match(twice.notes.join(), /imported on oss1 and oss2 AT THE SAME TIME/);
});

test('a host that could not be asked is in the document, on one line', () => {
  const trouble = { host: 'oss3', why: 'ssh ended with 255:\nhosts: []' };
  const text = renderDocument([], [trouble], { groups: [], notes: [] });
  assert.match(text, /^# - MISSING: host oss3 could not be asked: .*255: hosts: \[\]$/m);
});
