// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EXIT, exitCodeOfError } from '../cli/exit.ts';
import { AureoleError } from '../kernel/error.ts';
import { chooseHaloListen, chooseListen, type ListenFlags } from './listen-address.ts';

const ADDRESSES = ['127.0.0.1', '::1', '192.168.1.7', '10.1.0.5', 'fd00:1::5', 'fe80::1%eth0'];

type Values = Readonly<Record<string, string>>;

function choose(flags: ListenFlags, values: Values = {}): string {
  const find = (name: string, haloName = '') => {
    const key = [name, haloName].find((one) => one in values);
    return key === undefined
      ? undefined
      : { name: key, value: values[key] ?? '', from: `${key} in FILE:1` };
  };
  const { address, port } = chooseListen(flags, find, ADDRESSES);
  return `${address} ${port}`;
}

function complaint(flags: ListenFlags, values: Values = {}): string {
  try {
    return choose(flags, values);
  } catch (error) {
    assert.ok(error instanceof AureoleError);
    const code = exitCodeOfError(error) === EXIT.usage ? 'usage' : 'unusable';
    return `${code}: ${error.message}`;
  }
}

test('an address that is named is taken, with its port or the one of the settings', () => {
  assert.equal(choose({ listen: '10.0.0.1:9000' }, { HALO_NET: '10.1.0.0/16' }), '10.0.0.1 9000');
  assert.equal(choose({ listen: '10.0.0.1' }), '10.0.0.1 8000');
  assert.equal(choose({ listen: '10.0.0.1' }, { HALO_PORT: '8001' }), '10.0.0.1 8001');
  assert.equal(choose({ listen: '[::1]:80', port: '81' }), '::1 80');
  assert.equal(choose({ listen: '[::1]' }), '::1 8000');
  assert.equal(choose({ listen: '10.0.0.1:0' }), '10.0.0.1 0');
});

test('else the first address inside the network, of either version', () => {
  assert.equal(choose({ network: '10.0.0.0/8', port: '9000' }), '10.1.0.5 9000');
  assert.equal(choose({}, { AUREOLE_NET: '192.168.0.0/16' }), '192.168.1.7 8000');
  assert.equal(choose({ network: '0.0.0.0/0' }), '127.0.0.1 8000');
  assert.equal(choose({ network: 'fd00:1::/64' }), 'fd00:1::5 8000');
  assert.equal(choose({ network: 'fe80::/10' }), 'fe80::1%eth0 8000');
});

test('else this host only is served', () => {
  assert.equal(choose({}), '127.0.0.1 8000');
  assert.equal(choose({}, { AUREOLE_PORT: '9000' }), '127.0.0.1 9000');
});

test('a network that this host has no part in is named, with the remedy', () => {
  assert.equal(
    complaint({}, { HALO_NET: '10.9.0.0/16' }),
    'unusable: No address of this host is in the network 10.9.0.0/16 (HALO_NET in FILE:1), so there is none to listen on. ' +
      `Write the network of the cluster there, or say --listen. This host has ${ADDRESSES.join(', ')}.`,
  );
});

test('what is no address, port or network is a mistake of the flag or of the file', () => {
  for (const listen of ['', ':8000', '10.0.0.1:99999', '::1', '10.0.0.1:http']) {
    assert.match(complaint({ listen }), /^usage: --listen ".*": write ADDRESS:PORT/, listen);
  }
  assert.match(complaint({ port: '70000' }), /^usage: --port "70000": write/);
  assert.equal(
    complaint({}, { HALO_PORT: '1e3' }),
    'unusable: HALO_PORT in FILE:1: "1e3" is no port: write a whole number from 1 to 65535',
  );
  for (const network of ['10.0.0.0', '10.0.0.0/33', 'fd00::/129', 'oss1/24', '10.0.0/8']) {
    assert.match(complaint({ network }), /^usage: --network: ".*" is no network: write/, network);
    assert.match(complaint({}, { AUREOLE_NET: network }), /^unusable: AUREOLE_NET in FILE/);
  }
});

test("HALO's interface is at our address, unless another one is named, and never at our port", () => {
  const ours = { address: '10.0.0.1', port: 8_010 };
  assert.deepEqual(chooseHaloListen('8000', ours), { address: '10.0.0.1', port: 8_000 });
  assert.deepEqual(chooseHaloListen('[::1]:8010', ours), { address: '::1', port: 8_010 });
  for (const [text, words] of [
    ['8010', /our own API has that port.*--port/],
    ['10.0.0.1:8010', /our own API has that port/],
    ['10.0.0.1', /write ADDRESS:PORT or PORT/],
    [':8000', /write ADDRESS:PORT or PORT/],
    ['99999', /write ADDRESS:PORT or PORT/],
  ] as const) {
    assert.throws(() => chooseHaloListen(text, ours), words, text);
  }
});
