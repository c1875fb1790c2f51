// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FindSetting } from '../runtime/settings.ts';
import { managersOf } from './managers.ts';

const settings =
  (value: string): FindSetting =>
  (name) =>
    name === 'AUREOLE_MANAGER' ? { name, value, from: 'AUREOLE_MANAGER in a file:3' } : undefined;

test('managers are a nodeset, and the flag goes before the setting', () => {
  assert.deepEqual(managersOf('mgmt[1-2]', settings('other')), ['mgmt1', 'mgmt2']);
  assert.deepEqual(managersOf(undefined, settings('other')), ['other']);
  assert.equal(
    managersOf(undefined, () => undefined),
    undefined,
  );
});

test('what names no manager is a mistake of the flag or of the setting, wherever it stands', () => {
  for (const text of ['mgmt[1-', 'mgmt1 - mgmt1']) {
    assert.throws(() => managersOf(text, settings('fine')), {
      message: /^--manager: /,
      details: { code: 'usage' },
    });
    assert.throws(() => managersOf(undefined, settings(text)), {
      message: /^AUREOLE_MANAGER in a file:3: /,
      details: { code: 'settings-invalid' },
    });
  }
});
