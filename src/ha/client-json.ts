// SPDX-License-Identifier: Apache-2.0
/** What the manager says, for a terminal: it may hold what some host or script has said. */
import { printableLine, printableText } from '../model/printable.ts';

/** With every text made printable; undefined for what is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text, (key, value: unknown) => {
      if (typeof value !== 'string') return value;
      return key === 'stdout' || key === 'stderr' ? printableText(value) : printableLine(value);
    });
  } catch {
    return undefined;
  }
}
