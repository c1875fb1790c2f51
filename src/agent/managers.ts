// SPDX-License-Identifier: Apache-2.0
/** Whose certificates may give orders, if that is said: names of machines that a manager runs on. */
import { messageOf } from '../kernel/error.ts';
import { parseNodeSet } from '../model/node-set.ts';
import { flagOr, wrongValue, type FindSetting, type Setting } from '../runtime/settings.ts';

/** Throws an AureoleError that names the flag or setting. */
export function managersOf(
  flag: string | undefined,
  find: FindSetting,
): readonly string[] | undefined {
  const setting = flagOr('--manager', flag, find('AUREOLE_MANAGER'));
  if (setting === undefined) return undefined;
  const names = parse(setting);
  if (names.length > 0) return names;
  throw wrongValue(setting, `"${setting.value}" names no manager: write mgmt1,mgmt2`);
}

function parse(setting: Setting): readonly string[] {
  try {
    return parseNodeSet(setting.value);
  } catch (error) {
    throw wrongValue(setting, messageOf(error));
  }
}
