// SPDX-License-Identifier: Apache-2.0
/** Whose certificates may give orders, if that is said: names of machines that a manager runs on. */
import { messageOf } from '../kernel/error.ts';
import { parseNodeSet } from '../model/node-set.ts';
import { invalidSetting, type FindSetting } from '../runtime/settings.ts';

/** Throws an AureoleError that names the flag or setting. */
export function managersOf(
  flag: string | undefined,
  find: FindSetting,
): readonly string[] | undefined {
  const setting = find('AUREOLE_MANAGER');
  const value = flag ?? setting?.value;
  if (value === undefined) return undefined;
  const from = flag === undefined ? (setting?.from ?? '') : '--manager';
  let names: readonly string[];
  try {
    names = parseNodeSet(value);
  } catch (error) {
    throw invalidSetting(`${from}: ${messageOf(error)}`);
  }
  if (names.length > 0) return names;
  throw invalidSetting(`${from}: "${value}" names no manager: write mgmt1,mgmt2`);
}
