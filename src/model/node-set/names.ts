// SPDX-License-Identifier: Apache-2.0
/** A name as its numbers in its text, `rack1-oss02` as 1 and 02 in `rack#-oss#`; and the order that follows from it. */

/** A longer run of digits is a serial number, and no index of a range. */
export const INDEX_DIGITS_MAX = 10;

/** Texts and indexes take turns; there is one text more, and it may be empty. */
export type SplitName = {
  readonly name: string;
  readonly texts: readonly string[];
  readonly indexes: readonly string[];
};

const INDEX = new RegExp(`(?<!\\d)(\\d{1,${INDEX_DIGITS_MAX}})(?!\\d)`);

export function splitName(name: string): SplitName {
  const parts = name.split(INDEX);
  return {
    name,
    texts: parts.filter((_, place) => place % 2 === 0),
    indexes: parts.filter((_, place) => place % 2 === 1),
  };
}

/** By pattern, then by index: `oss2` before `oss10`. */
export function sortNames(names: Iterable<string>): string[] {
  const split = [...names].map((name) => ({ ...splitName(name), pattern: patternOf(name) }));
  split.sort((a, b) => compareText(a.pattern, b.pattern) || compareIndexes(a, b));
  return split.map(({ name }) => name);
}

/** Names of one pattern fold together. */
export function patternOf(name: string): string {
  return splitName(name).texts.join('#');
}

function compareIndexes(a: SplitName, b: SplitName): number {
  for (const [place, index] of a.indexes.entries()) {
    const order = compareIndex(index, b.indexes[place] ?? '');
    if (order !== 0) return order;
  }
  return 0;
}

/** By value; of two equal ones the shorter is first. */
export function compareIndex(a: string, b: string): number {
  return Number(a) - Number(b) || a.length - b.length;
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
