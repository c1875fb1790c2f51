// SPDX-License-Identifier: Apache-2.0
/**
 * Follows every pointer of a message before anything of it is read. The library beside us believes
 * what a message says of its own sizes; a hundred bytes could have it make room for gigabytes, or count
 * to half a billion. After this, all of it lies within the message, and no more words are reached than
 * it has: so its own size is the limit of what it can cost, far pointers and all.
 */
import { WORD_BYTES } from './frames.ts';

const DEPTH_MAX = 64;
const KIND = { struct: 0, list: 1, far: 2, other: 3 } as const;
const COMPOSITE = 7;
const POINTERS = 6;
/** Bits of an element, by the size code of its list. */
const ELEMENT_BITS = [0, 1, 8, 16, 32, 64, 64] as const;
/** How far a far pointer's own offset is shifted, and that of the others. */
const FAR_SHIFT = 3;
const NEAR_SHIFT = 2;

type Place = { readonly segment: number; readonly word: number };
/** A pointer word, and where its content begins. */
type Target = { readonly low: number; readonly high: number; readonly content: Place };
type Todo = Place & { readonly depth: number };

/** Throws at the first pointer that is not as it must be. */
export function checkPointers(segments: readonly DataView[]): void {
  new PointerWalk(segments).run();
}

class PointerWalk {
  readonly #segments: readonly DataView[];
  /** Pointers still to be followed: each is a word of the message, so there are no more than that. */
  readonly #todo: Todo[] = [{ segment: 0, word: 0, depth: 0 }];
  #wordsLeft: number;

  constructor(segments: readonly DataView[]) {
    this.#segments = segments;
    const bytes = segments.reduce((sum, segment) => sum + segment.byteLength, 0);
    this.#wordsLeft = bytes / WORD_BYTES;
  }

  run(): void {
    this.#claim({ segment: 0, word: 0 }, 1);
    for (let next = this.#todo.pop(); next !== undefined; next = this.#todo.pop()) {
      if (next.depth > DEPTH_MAX) throw new Error('The message is nested too deeply.');
      const target = this.#targetOf(next);
      if (target !== undefined) this.#follow(target, next.depth + 1);
    }
  }

  /** Where it points, far or near; undefined for a null pointer and for a capability. */
  #targetOf(place: Place): Target | undefined {
    const [low, high] = this.#pointerAt(place);
    if (low === 0 && high === 0) return undefined;
    const kind = low & 3;
    if (kind === KIND.other) return undefined;
    if (kind !== KIND.far) return nearTarget(low, high, place);
    const pad = { segment: high, word: low >>> FAR_SHIFT };
    const isDouble = (low & 4) !== 0;
    this.#claim(pad, isDouble ? 2 : 1);
    const [padLow, padHigh] = this.#pointerAt(pad);
    if (!isDouble) {
      if ((padLow & 3) >= KIND.far) throw new Error('A far pointer leads to no content.');
      return nearTarget(padLow, padHigh, pad);
    }
    if ((padLow & 7) !== KIND.far) throw new Error('A far pointer leads to no landing pad.');
    const [tagLow, tagHigh] = this.#pointerAt({ ...pad, word: pad.word + 1 });
    if ((tagLow & 3) >= KIND.far) throw new Error('A landing pad has no tag.');
    const content = { segment: padHigh, word: padLow >>> FAR_SHIFT };
    return { low: tagLow, high: tagHigh, content };
  }

  #follow({ low, high, content }: Target, depth: number): void {
    if ((low & 3) === KIND.struct) {
      const words = structWords(high);
      this.#claim(content, words.data + words.pointers);
      this.#addPointers(content, words.data, words.pointers, depth);
      return;
    }
    const size = high & 7;
    const count = high >>> 3;
    if (size === COMPOSITE) return this.#followComposite(content, count, depth);
    // What has no size counts all the same, since whoever reads it goes through it.
    const words = Math.ceil((count * (ELEMENT_BITS[size] ?? 0)) / (8 * WORD_BYTES));
    this.#claim(content, words, count * (size === 0 ? 1 : 0));
    if (size === POINTERS) this.#addPointers(content, 0, count, depth);
  }

  /** A list of structs: a tag that tells their number and size, and the structs. */
  #followComposite(content: Place, words: number, depth: number): void {
    this.#claim(content, 1);
    const [tagLow, tagHigh] = this.#pointerAt(content);
    if ((tagLow & 3) !== KIND.struct) throw new Error('A list of structs has no tag.');
    const count = tagLow >>> NEAR_SHIFT;
    const each = structWords(tagHigh);
    const eachWords = each.data + each.pointers;
    if (count * eachWords > words) throw new Error('A list is longer than its room.');
    const first = { ...content, word: content.word + 1 };
    this.#claim(first, words, eachWords === 0 ? count : 0);
    for (let index = 0; index < count; index += 1) {
      const struct = { ...first, word: first.word + index * eachWords };
      this.#addPointers(struct, each.data, each.pointers, depth);
    }
  }

  #addPointers(from: Place, skipWords: number, count: number, depth: number): void {
    for (let index = 0; index < count; index += 1) {
      this.#todo.push({ segment: from.segment, word: from.word + skipWords + index, depth });
    }
  }

  /** `sizeless`: elements that need no room. */
  #claim({ segment, word }: Place, words: number, sizeless = 0): void {
    const view = this.#segments[segment];
    if (view === undefined || word < 0 || (word + words) * WORD_BYTES > view.byteLength) {
      throw new Error('A pointer leads out of the message.');
    }
    this.#wordsLeft -= words + sizeless;
    if (this.#wordsLeft < 0)
      throw new Error('The message points to the same words again and again.');
  }

  #pointerAt({ segment, word }: Place): readonly [low: number, high: number] {
    const view = this.#segments[segment];
    if (view === undefined) throw new Error('A pointer leads out of the message.');
    const offset = word * WORD_BYTES;
    return [view.getUint32(offset, true), view.getUint32(offset + WORD_BYTES / 2, true)];
  }
}

/** Its offset is signed and counts from the end of the pointer. */
function nearTarget(low: number, high: number, at: Place): Target {
  const offset = low >> NEAR_SHIFT;
  return { low, high, content: { segment: at.segment, word: at.word + 1 + offset } };
}

function structWords(high: number): { readonly data: number; readonly pointers: number } {
  return { data: high & 0xffff, pointers: high >>> 16 };
}
