// SPDX-License-Identifier: Apache-2.0
/** Work on each of many things, a few at once; the results stand in the order of the things. */

export async function mapAtOnce<Item, Result>(
  items: readonly Item[],
  atOnce: number,
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  // One iterator for all who work: each takes what is next.
  const left = items.entries();
  const workOn = async (): Promise<void> => {
    for (const [index, item] of left) results[index] = await work(item);
  };
  await Promise.all(Array.from({ length: atOnce }, workOn));
  return results;
}
