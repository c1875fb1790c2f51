// SPDX-License-Identifier: Apache-2.0
/**
 * Lets only so many TLS handshakes begin at once, those of polls first. Each takes milliseconds of
 * our own time: where a thousand begin together, none is over before its question is given up, and all
 * begin again, for ever. A turn ends by itself soon, since a host that stands still would keep it.
 */
const AT_ONCE = 32;
const TURN_MS = 50;

export class Handshakes {
  readonly #urgent = new Set<() => void>();
  readonly #others = new Set<() => void>();
  #underWay = 0;

  /** Calls `begin` when it is its turn. `leave`, which also comes back, ends the turn, or the wait for it. */
  enter(begin: (leave: () => void) => void, isUrgent: boolean): () => void {
    const queue = isUrgent ? this.#urgent : this.#others;
    let timer: NodeJS.Timeout | undefined;
    const leave = (): void => {
      if (queue.delete(start) || timer === undefined) return;
      clearTimeout(timer);
      timer = undefined;
      this.#underWay -= 1;
      this.#startNext();
    };
    const start = (): void => {
      this.#underWay += 1;
      timer = setTimeout(leave, TURN_MS).unref();
      begin(leave);
    };
    queue.add(start);
    this.#startNext();
    return leave;
  }

  #startNext(): void {
    for (const queue of [this.#urgent, this.#others]) {
      for (const start of queue) {
        if (this.#underWay >= AT_ONCE) return;
        queue.delete(start);
        start();
      }
    }
  }
}
