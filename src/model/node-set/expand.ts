// SPDX-License-Identifier: Apache-2.0
/** One name with brackets, `rack[1-2]-oss[01-04]`, written out: every combination of its indexes. */
import { INDEX_DIGITS_MAX } from './names.ts';

/** Of a whole nodeset, counted before terms are taken away from each other. */
export const NAMES_MAX = 100_000;

/** What is wrong with a part of a nodeset; whoever knows the whole text says the rest. */
export class NodeSetMistake extends Error {}

const DIGITS = `\\d{1,${INDEX_DIGITS_MAX}}`;
const RANGE = new RegExp(`^(${DIGITS})(?:-(${DIGITS})(?:/(${DIGITS}))?)?$`);
const PURE_RANGE = new RegExp(`^${DIGITS}-${DIGITS}(?:/${DIGITS})?$`);

/** At most `countMax` names. */
export function expandName(name: string, countMax: number): string[] {
  if (name.includes('][')) throw new NodeSetMistake("brackets need a text between them: ']['");
  const [first = '', ...parts] = (isPureRange(name) ? `[${name}]` : name).split(/[[\]]/);
  let names = [first];
  for (const [place, part] of parts.entries()) {
    const added = place % 2 === 0 ? expandRanges(part, countMax) : [part];
    if (names.length * added.length > countMax) throw tooMany();
    names = names.flatMap((begin) => added.map((end) => `${begin}${end}`));
  }
  return names;
}

/** `1-5` alone is a set of numbers, and no name. */
export function isPureRange(name: string): boolean {
  return PURE_RANGE.test(name);
}

export function tooMany(): NodeSetMistake {
  return new NodeSetMistake(`it writes out more than ${NAMES_MAX} names`);
}

function expandRanges(text: string, countMax: number): string[] {
  const indexes = new Set<string>();
  for (const item of text.split(',')) {
    for (const index of expandRange(item.trim(), countMax - indexes.size)) indexes.add(index);
  }
  return [...indexes];
}

function expandRange(item: string, countMax: number): string[] {
  const [, first, last = first, step = '1'] = RANGE.exec(item) ?? [];
  if (first === undefined || last === undefined) {
    throw new NodeSetMistake(`'${item}' in brackets is neither a number nor a range like 1-4`);
  }
  const isPadded = [first, last].some((end) => end.length > 1 && end.startsWith('0'));
  if (isPadded && first.length !== last.length) {
    throw new NodeSetMistake(`mismatched padding: '${item}'`);
  }
  const [from, to, by] = [Number(first), Number(last), Number(step)];
  if (from > to) throw new NodeSetMistake(`the range '${item}' runs backwards`);
  if (by === 0) throw new NodeSetMistake(`the step of '${item}' is 0`);
  const count = Math.floor((to - from) / by) + 1;
  if (count > countMax) throw tooMany();
  const width = isPadded ? first.length : 0;
  return Array.from({ length: count }, (_, place) =>
    String(from + place * by).padStart(width, '0'),
  );
}
