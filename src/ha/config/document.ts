// SPDX-License-Identifier: Apache-2.0
/**
 * YAML with places. Every scalar is handed on as the text that stands in the file (only null is
 * null): a parameter `1.10` or `007` stays what the administrator wrote, and the schema says which
 * texts must be numbers.
 */
import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type Document,
  type Node,
  type Pair,
  type YAMLMap,
} from 'yaml';
import type { Mistake, Path } from './mistakes.ts';

export type Position = { readonly line: number; readonly col: number };
export type PlacedMistake = Position & { readonly text: string };

export type ConfigDocument = {
  readonly value: unknown;
  /** What is wrong with the text itself, before any meaning. */
  readonly mistakes: readonly PlacedMistake[];
  readonly place: (mistake: Mistake) => PlacedMistake;
};

const LIMITS = { depth: 32, values: 1_000_000, aliases: 1_000 };

export function parseConfigDocument(text: string): ConfigDocument {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    // Looked for by PlainReader: the parser's own search takes time squared.
    uniqueKeys: false,
  });
  const placeAt = (offset: number, message: string): PlacedMistake => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), col: Math.max(col, 1), text: message };
  };
  // After the first slip in the syntax the parser has lost its way, and finds hundreds.
  const syntax = [...document.errors.slice(0, 1), ...document.warnings];
  const mistakes = syntax.map(({ code, message, pos }) =>
    placeAt(
      pos[0],
      code === 'MULTIPLE_DOCS'
        ? 'a second YAML document: keep one'
        : `is no valid YAML: ${message.replaceAll(/\s+/g, ' ')}`,
    ),
  );
  const reader = new PlainReader(document, (offset, message) =>
    mistakes.push(placeAt(offset, message)),
  );
  const value = mistakes.length > 0 ? undefined : reader.plain(document.contents, 0);
  return {
    value,
    mistakes,
    place: ({ path, at, text: message }) => placeAt(offsetOf(document, path, at), message),
  };
}

/** Turns nodes into plain values, within bounds: aliases could make a small file a huge one. */
class PlainReader {
  readonly #document: Document.Parsed;
  readonly #complain: (offset: number, text: string) => void;
  #values = 0;
  #aliases = 0;

  constructor(document: Document.Parsed, complain: (offset: number, text: string) => void) {
    this.#document = document;
    this.#complain = complain;
  }

  plain(node: unknown, depth: number): unknown {
    this.#values += 1;
    if (depth > LIMITS.depth || this.#values > LIMITS.values) {
      // Told once; the flood that follows from it is of no use to anybody.
      if (this.#values < Infinity) {
        this.#complain(startOf(node), 'is nested too deeply or expands to too much: simplify it');
      }
      this.#values = Infinity;
      return null;
    }
    if (isAlias(node)) return this.#aliased(node, depth);
    if (isSeq(node)) return node.items.map((item) => this.plain(item, depth + 1));
    if (isMap(node)) return this.#mapping(node, depth);
    if (!isScalar(node) || node.value === null) return null;
    return typeof node.value === 'string' ? node.value : (node.source ?? null);
  }

  #aliased(node: Node & { source: string; resolve(document: Document): unknown }, depth: number) {
    this.#aliases += 1;
    const target = this.#aliases > LIMITS.aliases ? undefined : node.resolve(this.#document);
    if (target !== undefined) return this.plain(target, depth + 1);
    const text =
      this.#aliases > LIMITS.aliases
        ? `more than ${LIMITS.aliases} aliases: write the values out`
        : `alias *${node.source} has no anchor: define &${node.source} before it`;
    this.#complain(startOf(node), text);
    return null;
  }

  #mapping(node: YAMLMap, depth: number): Record<string, unknown> {
    const result = new Map<string, unknown>();
    for (const pair of node.items) {
      const key = keyText(pair);
      if (key === undefined || key === '__proto__') {
        const what = key === undefined ? 'a key must be a word' : '__proto__ cannot be a key';
        this.#complain(startOf(pair.key), `${what}: rename it`);
      } else if (result.has(key)) {
        this.#complain(startOf(pair.key), `key "${key}" stands here twice: remove one`);
      } else {
        result.set(key, this.plain(pair.value, depth + 1));
      }
    }
    return Object.fromEntries(result);
  }
}

function keyText(pair: Pair): string | undefined {
  if (!isScalar(pair.key) || pair.key.value === null) return undefined;
  const { value, source } = pair.key;
  return typeof value === 'string' ? value : source;
}

function startOf(node: unknown): number {
  const hasRange = isScalar(node) || isMap(node) || isSeq(node) || isAlias(node);
  return hasRange ? (node.range?.[0] ?? 0) : 0;
}

/** Where the path stands in the file, or the innermost part of it that exists. */
function offsetOf(document: Document.Parsed, path: Path, at: 'key' | 'value'): number {
  let node: unknown = document.contents;
  let offset = startOf(node);
  for (const [index, part] of path.entries()) {
    if (isAlias(node)) node = node.resolve(document);
    const atKey = at === 'key' && index === path.length - 1;
    if (isMap(node)) {
      const pair = node.items.find((item) => keyText(item) === part);
      if (pair === undefined) return offset;
      node = pair.value;
      // A key without a value has its place at the key.
      offset = atKey || isEmpty(node) ? startOf(pair.key) : startOf(node);
    } else if (isSeq(node) && typeof part === 'number' && part < node.items.length) {
      node = node.items[part];
      offset = startOf(node);
    } else return offset;
  }
  return offset;
}

function isEmpty(node: unknown): boolean {
  return !isAlias(node) && !isMap(node) && !isSeq(node) && !(isScalar(node) && node.source !== '');
}
