// SPDX-License-Identifier: Apache-2.0
/** Names as one nodeset, the other way of parseNodeSet: `oss[00-03,07],rack[1-2]n[1-4]`. */
import { isPureRange } from './expand.ts';
import { compareIndex, patternOf, sortNames, splitName } from './names.ts';

/** All combinations of these indexes, one list for each dimension. */
type Block = readonly (readonly string[])[];

export function foldNames(names: Iterable<string>): string {
  const patterns = Map.groupBy(sortNames(new Set(names)), patternOf);
  return [...patterns.values()].flatMap(foldPattern).join(',');
}

function foldPattern(names: readonly string[]): string[] {
  const split = names.map(splitName);
  const texts = split[0]?.texts ?? [];
  let blocks: Block[] = split.map(({ indexes }) => indexes.map((index) => [index]));
  for (let dimension = texts.length - 2; dimension >= 0; dimension--) {
    blocks = mergeAlong(blocks, dimension);
  }
  return blocks.map((block) => write(texts, block));
}

/** Blocks that differ in this dimension only become one. */
function mergeAlong(blocks: readonly Block[], dimension: number): Block[] {
  const alike = Map.groupBy(blocks, (block) =>
    block.map((indexes, place) => (place === dimension ? '' : indexes.join())).join('|'),
  );
  return [...alike.values()].map((group) => {
    const merged = group.flatMap((block) => block[dimension] ?? []).toSorted(compareIndex);
    return (group[0] ?? []).map((indexes, place) => (place === dimension ? merged : indexes));
  });
}

function write(texts: readonly string[], block: Block): string {
  const written = block.map((indexes) =>
    indexes.length === 1 ? indexes.join() : `[${foldIndexes(indexes)}]`,
  );
  const name = texts.map((text, place) => `${text}${written[place] ?? ''}`).join('');
  return isPureRange(name) ? name.replace(/^\d+/, '[$&]') : name;
}

type Run = { readonly width: number; readonly first: string; last: string };

/** Ranges of indexes with the same padding; `09,10` is padded to two digits, `9,10` is not padded. */
function foldIndexes(indexes: readonly string[]): string {
  const widths = new Set(indexes.filter(isPadded).map((index) => index.length));
  const runs: Run[] = [];
  const latest = new Map<number, Run>();
  for (const index of indexes) {
    const width = widths.has(index.length) ? index.length : 0;
    const run = latest.get(width);
    if (run !== undefined && Number(run.last) + 1 === Number(index)) {
      run.last = index;
      continue;
    }
    const begun = { width, first: index, last: index };
    latest.set(width, begun);
    runs.push(begun);
  }
  return runs.map(({ first, last }) => (first === last ? first : `${first}-${last}`)).join(',');
}

function isPadded(index: string): boolean {
  return index.length > 1 && index.startsWith('0');
}
