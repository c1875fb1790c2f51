// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isFenceAgent, isHostName, OcfKind, parseHostAndPort, ResourceName } from './names.ts';

const word = fc.stringMatching(/^[a-z][a-z0-9-]{0,20}[a-z0-9]$/);

test('a host name comes with a port or without', () => {
  fc.assert(
    fc.property(word, fc.integer({ min: 1, max: 65_535 }), (name, port) => {
      assert.deepEqual(parseHostAndPort(name), { name });
      assert.deepEqual(parseHostAndPort(`${name}:${port}`), { name, port });
    }),
  );
  for (const text of [
    '',
    ':80',
    'a:',
    'a:0',
    'a:65536',
    'a:1:2',
    'a:0x50',
    '::1',
    'a b',
    'a/b',
    '-a',
    'a..b',
  ]) {
    assert.equal(parseHostAndPort(text), undefined, text);
  }
});

test('what is a host name is safe in a path, a URL and on a terminal', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 300 }), (text) => {
      if (!isHostName(text)) return;
      assert.equal(encodeURIComponent(text), text);
      assert.ok(!/[/\s]|\.\./.test(text) && !text.startsWith('-'));
    }),
  );
});

test('resources may be named after pools, devices and targets', () => {
  for (const name of ['disk0', 'tankA/ost0', '10.0.0.1@tcp:/fs', '/dev/mapper/ost0', 'Größe']) {
    assert.equal(ResourceName.parse(name), name);
  }
  for (const name of ['', '-f', 'a b', 'a\tb', 'a\u0007', '\u202Eabc', 'x'.repeat(257)]) {
    assert.equal(ResourceName.safeParse(name).success, false, JSON.stringify(name));
  }
});

test('no kind leads out of the folder of OCF scripts', () => {
  for (const kind of ['heartbeat/ZFS', 'lustre/Lustre', 'site_1/my.agent-2']) {
    assert.equal(OcfKind.parse(kind), kind);
  }
  fc.assert(
    fc.property(fc.stringMatching(/^[a-z./_-]{0,12}$/), (kind) => {
      if (!OcfKind.safeParse(kind).success) return;
      assert.equal(kind.split('/').length, 2);
      assert.ok(!kind.includes('..') && !kind.startsWith('/') && !kind.startsWith('.'), kind);
    }),
  );
});

test('only fence programs are fence agents', () => {
  for (const agent of ['fence_ipmilan', '/usr/sbin/fence_apc', '/opt/x.y/fence_a_1']) {
    assert.ok(isFenceAgent(agent), agent);
  }
  for (const agent of [
    '',
    'ipmilan',
    'fence_',
    'fence_A',
    'bin/fence_apc',
    './fence_apc',
    '/../fence_apc',
    '/bin/sh',
    '/a//fence_apc',
    'fence_apc\n',
    '/a b/fence_apc',
  ]) {
    assert.ok(!isFenceAgent(agent), agent);
  }
});
