// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  findingsOf,
  parseBmcAddress,
  parseImportable,
  parseLustreMounts,
  parsePools,
} from './findings.ts';

const told = (text: string, code = 0) => ({ code, text });

test('pools are read with their numbers', () => {
  const { found, notes } = parsePools(told('tank0\t1159341559522082488\ntank1\t112\n'));
  assert.deepEqual(found, [
    { name: 'tank0', guid: '1159341559522082488' },
    { name: 'tank1', guid: '112' },
  ]);
  assert.deepEqual(notes, []);
});

test('a host without ZFS has no pools, and one whose ZFS does not answer says why', () => {
  assert.deepEqual(parsePools(told('sh: 3: zpool: not found', 127)), { found: [], notes: [] });
  const { found, notes } = parsePools(told('The ZFS modules are not loaded.\nTry modprobe', 1));
  assert.deepEqual(found, []);
  assert.deepEqual(notes, ['zpool list: The ZFS modules are not loaded. Try modprobe']);
});

/** As zfs-fuse and OpenZFS print it. */
const IMPORTABLE = `  pool: tank1
    id: 11213383602052419646
 state: ONLINE
action: The pool can be imported using its name or numeric identifier.
config:

	tank1         ONLINE
	  /dev/sdb    ONLINE

   pool: tank2
     id: 7
  state: UNAVAIL
 status: One or more devices are missing from the system.
 config:

	tank2       UNAVAIL  insufficient replicas
`;

test('a pool counts as seen only if enough of its disks are', () => {
  assert.deepEqual(parseImportable(IMPORTABLE), [{ name: 'tank1', guid: '11213383602052419646' }]);
  assert.deepEqual(parseImportable('no pools available to import\n'), []);
});

const mount = (source: string, target: string, options: string) => ({ source, target, options });
const findmnt = (...filesystems: readonly unknown[]) => told(JSON.stringify({ filesystems }));

test('Lustre targets are told from the options of their mounts', () => {
  const options = 'ro,svname=test-OST0002,mgsnode=10.0.0.1@tcp,osd=osd-zfs';
  const { found, notes } = parseLustreMounts(
    findmnt(
      mount('oss01e0/ost2', '/mnt/ost2', options),
      mount('mgs/mgt', '/mnt/mgt', 'ro,svname=MGS,osd=osd-zfs'),
      mount('/dev/mapper/mdt0', '/mnt/a b', 'ro,svname=test:MDT0000,osd=osd-ldiskfs'),
    ),
  );
  assert.deepEqual(found, [
    { device: 'oss01e0/ost2', mountpoint: '/mnt/ost2', type: 'ost' },
    { device: 'mgs/mgt', mountpoint: '/mnt/mgt', type: 'mgs' },
    { device: '/dev/mapper/mdt0', mountpoint: '/mnt/a b', type: 'mdt' },
  ]);
  assert.deepEqual(notes, []);
});

test('a client is left out with a word, and the rest is read', () => {
  const { found, notes } = parseLustreMounts(
    findmnt(
      mount('10.0.0.1@tcp:/test', '/scratch', 'rw,flock,lazystatfs'),
      mount('p/ost0', '/mnt/ost0', 'ro,svname=test-OST0000'),
    ),
  );
  assert.equal(found.length, 1);
  assert.deepEqual(notes, ['a Lustre client, left out: 10.0.0.1@tcp:/test on /scratch']);
});

test('names that nothing can be called are left out, and do nothing to a terminal', () => {
  const { found, notes } = parseLustreMounts(
    findmnt(
      mount('-rf', '/mnt/x', 'svname=test-OST0000'),
      mount('p/ost', '/mnt/\u001B[2J', 'svname=test-OST0001'),
      mount('p/other', '/mnt/other', 'svname=test-OST0002=evil'),
    ),
  );
  assert.deepEqual(found, []);
  assert.equal(notes.length, 3);
  assert.ok(!notes.join('').includes('\u001B'));
  assert.match(parseLustreMounts(told('{"filesystems": [{"source"')).notes.join(), /findmnt/);
});

test('no Lustre is no mount', () => {
  assert.deepEqual(parseLustreMounts(told('', 1)), { found: [], notes: [] });
});

test('the address of a BMC is read, if it has one', () => {
  const lan = (address: string): string =>
    `Set in Progress         : Set Complete\nIP Address Source       : Static Address\nIP Address              : ${address}\nSubnet Mask             : 255.255.255.0\n`;
  assert.equal(parseBmcAddress(lan('10.1.2.3')), '10.1.2.3');
  assert.equal(parseBmcAddress(lan('0.0.0.0')), undefined);
  assert.equal(parseBmcAddress('Could not open device at /dev/ipmi0'), undefined);
});

test('a host that calls itself otherwise is told', () => {
  const none = told('', 127);
  const answers = { pools: none, importable: none, mounts: told(''), bmc: none };
  const { notes } = findingsOf('oss1', { ...answers, name: told('oss1.example.org\n') });
  assert.deepEqual(notes, ['it calls itself oss1.example.org: its agent needs --name oss1']);
});
