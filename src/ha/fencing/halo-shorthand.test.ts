// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fenceDeviceOfHalo } from './halo-shorthand.ts';

const deviceOf = (agent: string, parameters: Record<string, string>) =>
  fenceDeviceOfHalo({ hostname: 'oss1', agent, parameters: new Map(Object.entries(parameters)) });

test('powerman is asked on this machine, with the host as the plug', () => {
  assert.deepEqual(deviceOf('powerman', {}), {
    type: 'device',
    device: {
      name: 'oss1/powerman',
      agent: 'fence_powerman',
      parameters: new Map([
        ['ip', 'localhost'],
        ['plug', 'oss1'],
      ]),
      secrets: [],
    },
  });
});

test('redfish is asked at the name of the host, and its password is a secret', () => {
  assert.deepEqual(deviceOf('redfish', { username: 'halo', password: 's3cret' }), {
    type: 'device',
    device: {
      name: 'oss1/redfish',
      agent: 'fence_redfish',
      parameters: new Map([
        ['ip', 'oss1'],
        ['ssl_insecure', '1'],
        ['username', 'halo'],
        ['password', 's3cret'],
      ]),
      secrets: ['s3cret'],
    },
  });
});

test('a parameter of the file wins over the default', () => {
  const fencing = deviceOf('powerman', { ip: 'pdu.internal' });
  assert.equal(fencing.type === 'device' && fencing.device.parameters.get('ip'), 'pdu.internal');
});

test('what is missing and what is not known is told', () => {
  assert.deepEqual(deviceOf('redfish', { username: 'halo' }), {
    type: 'wrong',
    text: 'oss1/redfish: fence_parameters lacks password',
  });
  assert.equal(deviceOf('fence_test', {}).type, 'wrong');
});
