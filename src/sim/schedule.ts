// SPDX-License-Identifier: Apache-2.0
/** Simulated time: what will happen, in order of time and then of insertion (a binary heap). */
type Entry = { readonly at: number; readonly id: number; readonly act: () => void };

export class Schedule {
  now = 0;
  #nextId = 0;
  readonly #heap: Entry[] = [];

  after(delayMs: number, act: () => void): void {
    const entry = { at: this.now + delayMs, id: this.#nextId++, act };
    const heap = this.#heap;
    let index = heap.push(entry) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || isBefore(above, entry)) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = entry;
  }

  runUntil(end: number): void {
    for (let next = this.#heap[0]; next !== undefined && next.at <= end; next = this.#heap[0]) {
      this.#removeFirst();
      this.now = next.at;
      next.act();
    }
    this.now = end;
  }

  #removeFirst(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let index = 0;
    for (;;) {
      const left = 2 * index + 1;
      let child = heap[left];
      if (child === undefined) break;
      let childIndex = left;
      const right = heap[left + 1];
      if (right !== undefined && isBefore(right, child)) {
        child = right;
        childIndex = left + 1;
      }
      if (isBefore(last, child)) break;
      heap[index] = child;
      index = childIndex;
    }
    heap[index] = last;
  }
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.at < b.at || (a.at === b.at && a.id < b.id);
}
