// SPDX-License-Identifier: Apache-2.0
/** Finds cycles in a graph of names: one for each edge that leads back, each as a path that ends where it begins. */

export type Graph = ReadonlyMap<string, readonly string[]>;

export function findCycles(graph: Graph): string[][] {
  const cycles: string[][] = [];
  const finished = new Set<string>();
  for (const start of graph.keys()) {
    // A stack of our own: a chain may be longer than the engine's stack is deep.
    const trail: { name: string; next: number }[] = [];
    const onTrail = new Set<string>();
    const enter = (name: string): void => {
      trail.push({ name, next: 0 });
      onTrail.add(name);
    };
    if (!finished.has(start)) enter(start);
    for (let top = trail.at(-1); top !== undefined; top = trail.at(-1)) {
      const to = graph.get(top.name)?.[top.next];
      top.next += 1;
      if (to === undefined) {
        trail.pop();
        onTrail.delete(top.name);
        finished.add(top.name);
      } else if (onTrail.has(to)) {
        const names = trail.map(({ name }) => name);
        cycles.push([...names.slice(names.indexOf(to)), to]);
      } else if (!finished.has(to)) enter(to);
    }
  }
  return cycles;
}
