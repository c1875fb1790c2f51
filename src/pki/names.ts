// SPDX-License-Identifier: Apache-2.0
/** Names for certificates: they become paths, arguments and subjects, so that nothing else may be in them. */
import { isIP } from 'node:net';
import { isHostName } from '../model/names.ts';
import { parseNodeSet } from '../model/node-set.ts';
import { wrongUse } from './errors.ts';

/** What the common name of a certificate holds. */
const CHARS_MAX = 64;

export function parseNames(text: string): readonly string[] {
  const names = parseNodeSet(text);
  for (const name of names) requireName(name);
  if (names.length === 0) throw wrongUse('no host is named: write oss1 or oss[1-4]');
  return names;
}

export function requireName(name: string): string {
  if (!isHostName(name) && isIP(name) === 0) {
    throw wrongUse(`${JSON.stringify(name)} is no host's name: letters, digits, dots and dashes`);
  }
  if (name.length <= CHARS_MAX) return name;
  throw wrongUse(
    `${name} is longer than the ${CHARS_MAX} characters that a certificate's name holds`,
  );
}
