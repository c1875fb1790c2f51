// SPDX-License-Identifier: Apache-2.0
/**
 * A map of which a copy costs next to nothing: copies share their parts until one of them changes.
 * So a step that changes one host of a thousand copies a few dozen of them, and the state before it
 * stays as it was. Its keys are known when it is made, and stay.
 */

/** A change copies one part, and the list of the parts: with some thousand keys the two are alike. */
const BITS = 6;
const PART = 1 << BITS;

export class Table<V> implements ReadonlyMap<string, V> {
  readonly #keys: readonly string[];
  readonly #places: ReadonlyMap<string, number>;
  readonly #parts: V[][];
  /** Whether a part is ours alone. */
  readonly #isOwn: boolean[];

  private constructor(
    keys: readonly string[],
    places: ReadonlyMap<string, number>,
    parts: V[][],
    isOwn: boolean[],
  ) {
    this.#keys = keys;
    this.#places = places;
    this.#parts = parts;
    this.#isOwn = isOwn;
  }

  static of<V>(entries: Iterable<readonly [string, V]>): Table<V> {
    const map = new Map(entries);
    const keys = [...map.keys()];
    const values = [...map.values()];
    const parts: V[][] = [];
    for (let at = 0; at < values.length; at += PART) parts.push(values.slice(at, at + PART));
    const places = new Map(keys.map((key, place) => [key, place]));
    return new Table(
      keys,
      places,
      parts,
      parts.map(() => true),
    );
  }

  /** One that may be changed, and leaves this one as it is. */
  copy(): Table<V> {
    this.#isOwn.fill(false);
    return new Table(this.#keys, this.#places, [...this.#parts], [...this.#isOwn]);
  }

  /** In place. Only for whoever has made the copy, before he gives it away. */
  set(key: string, value: V): void {
    const place = this.#places.get(key);
    if (place === undefined) throw new Error(`no such key: ${key}`);
    const index = place >> BITS;
    const part = this.#parts[index];
    if (part === undefined) throw new Error(`no such part: ${index}`);
    if (this.#isOwn[index] === true) {
      part[place & (PART - 1)] = value;
      return;
    }
    const own = [...part];
    own[place & (PART - 1)] = value;
    this.#parts[index] = own;
    this.#isOwn[index] = true;
  }

  get size(): number {
    return this.#keys.length;
  }

  has(key: string): boolean {
    return this.#places.has(key);
  }

  get(key: string): V | undefined {
    const place = this.#places.get(key);
    return place === undefined ? undefined : this.#parts[place >> BITS]?.[place & (PART - 1)];
  }

  keys(): MapIterator<string> {
    return this.#keys.values();
  }

  /** Keys of the values that are so when their turn comes: quick where few are. */
  *keysWhere(isSo: (value: V) => boolean): Generator<string> {
    const keys = this.#keys;
    for (let place = 0; place < keys.length; place++) {
      const value = this.#parts[place >> BITS]?.[place & (PART - 1)];
      if (value === undefined || !isSo(value)) continue;
      const key = keys[place];
      if (key !== undefined) yield key;
    }
  }

  values(): MapIterator<V> {
    const [first = [], ...others] = this.#parts;
    return (others.length === 0 ? first : this.#parts.flat()).values();
  }

  entries(): MapIterator<[string, V]> {
    const keys = this.#keys;
    return this.#parts
      .flat()
      .map((value, place): [string, V] => [keys[place] ?? '', value])
      .values();
  }

  [Symbol.iterator](): MapIterator<[string, V]> {
    return this.entries();
  }

  forEach(each: (value: V, key: string, map: ReadonlyMap<string, V>) => void): void {
    for (const [key, value] of this) each(value, key, this);
  }
}
