// SPDX-License-Identifier: Apache-2.0
/**
 * Nodesets: `oss[1-4],mds1`, `@oss ! oss3`. Terms are joined from left to right, none binds closer:
 * `,` or blanks unite, `!` or a minus between blanks takes away, `&` keeps what both have, `^` what one
 * of them has; parentheses group. `@name` is a group of the configuration, which may name others.
 *
 * It is the language of HALO's nodesets. ClusterShell's differs: there a blank is a part of a name,
 * parentheses and a minus between blanks are no operators, a comma at the end is a mistake,
 * `1-5` without brackets is one name, a group that nobody knows is an empty set, and `n1[9-11]` is n19
 * to n111, where we say n19, n110, n111.
 */
import { AureoleError } from '../kernel/error.ts';
import { expandName, NAMES_MAX, NodeSetMistake, tooMany } from './node-set/expand.ts';
import { sortNames } from './node-set/names.ts';
import { printableLine } from './printable.ts';

export type NodeGroups = ReadonlyMap<string, string>;

const TEXT_MAX = 65_536;
/** Characters of it in a message. */
const SHOWN_MAX = 200;
/** Parentheses and groups within each other. */
const DEPTH_MAX = 32;

export class NodeSetError extends AureoleError<{ readonly code: 'nodeset-wrong' }> {
  override readonly name = 'NodeSetError';
}

/** The names, without doubles, by pattern and index. Throws a NodeSetError, which says what is wrong. */
export function parseNodeSet(text: string, groups: NodeGroups = new Map()): readonly string[] {
  try {
    const resolver = { groups, known: new Map<string, ReadonlySet<string>>(), left: NAMES_MAX };
    return sortNames(new Parser(text, resolver, 0).parse());
  } catch (cause) {
    if (!(cause instanceof NodeSetMistake)) throw cause;
    const shown = text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}…` : text;
    throw new NodeSetError(
      printableLine(`unable to parse '${shown}': ${cause.message}`),
      { code: 'nodeset-wrong' },
      { effect: 'none', cause },
    );
  }
}

/** What all parsers of one nodeset share: the groups, those that are parsed, and how many names may follow. */
type Resolver = {
  readonly groups: NodeGroups;
  readonly known: Map<string, ReadonlySet<string>>;
  left: number;
};

const OPERATORS: Readonly<Record<string, (left: Set<string>, right: ReadonlySet<string>) => void>> =
  {
    ',': unite,
    '!': subtract,
    '-': subtract,
    '&': intersect,
    '^': differ,
  };

const TERM = /(?:[A-Za-z0-9_./+:-]|\[[^[\]]*\])+/y;
const GROUP = /@([A-Za-z0-9_.:-]+)/y;
const OPERATOR = /\s*(?:([,!&^])|(?<=\s)(-)(?=\s))\s*/y;
const BLANKS = /\s+/y;

class Parser {
  readonly #text: string;
  readonly #resolver: Resolver;
  #depth: number;
  #at = 0;

  constructor(text: string, resolver: Resolver, depth: number) {
    if (text.length > TEXT_MAX) {
      throw new NodeSetMistake(`it is longer than ${TEXT_MAX} characters`);
    }
    if (depth > DEPTH_MAX) throw tooDeep();
    this.#text = text;
    this.#resolver = resolver;
    this.#depth = depth;
  }

  parse(): Set<string> {
    const names = this.#expression();
    if (this.#at < this.#text.length) throw this.#unexpected();
    return names;
  }

  /** Up to a parenthesis that closes, or the end. */
  #expression(): Set<string> {
    this.#take(BLANKS);
    const names = new Set<string>();
    if (this.#isAtEnd()) return names;
    unite(names, this.#operand());
    for (;;) {
      const blanksBefore = this.#at;
      const [, sign, minus] = this.#take(OPERATOR) ?? [];
      const isBlank = sign === undefined && minus === undefined && this.#take(BLANKS) !== undefined;
      const operator = isBlank ? ',' : (sign ?? minus);
      if (this.#isAtEnd() && (operator === undefined || operator === ',')) return names;
      if (operator === undefined) throw this.#unexpected();
      if (this.#isAtEnd()) this.#at = blanksBefore;
      OPERATORS[operator]?.(names, this.#operand());
    }
  }

  #operand(): ReadonlySet<string> {
    if (this.#text[this.#at] === '(') return this.#parentheses();
    const group = this.#take(GROUP)?.[1];
    if (group !== undefined) return this.#group(group);
    const term = this.#take(TERM)?.[0];
    if (term === undefined) throw this.#unexpected();
    return this.#spend(new Set(expandName(term, this.#resolver.left)));
  }

  #parentheses(): Set<string> {
    this.#at++;
    if (++this.#depth > DEPTH_MAX) throw tooDeep();
    const names = this.#expression();
    if (this.#text[this.#at] !== ')') throw new NodeSetMistake('a parenthesis is not closed');
    this.#at++;
    this.#depth--;
    return names;
  }

  #group(name: string): ReadonlySet<string> {
    const { groups, known } = this.#resolver;
    const seen = known.get(name);
    if (seen !== undefined) return this.#spend(seen);
    const source = /^(.*):/.exec(name)?.[1];
    if (source !== undefined) throw new NodeSetMistake(`unknown group source: '${source}'`);
    const text = groups.get(name);
    if (text === undefined) {
      throw new NodeSetMistake(`the configuration has no group @${name} in node_groups`);
    }
    const names = new Parser(text, this.#resolver, this.#depth + 1).parse();
    known.set(name, names);
    return names;
  }

  #spend(names: ReadonlySet<string>): ReadonlySet<string> {
    this.#resolver.left -= names.size;
    if (this.#resolver.left < 0) throw tooMany();
    return names;
  }

  #take(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match === null) return undefined;
    this.#at = pattern.lastIndex;
    return match;
  }

  #isAtEnd(): boolean {
    return this.#at === this.#text.length || this.#text[this.#at] === ')';
  }

  #unexpected(): NodeSetMistake {
    const rest = this.#text.slice(this.#at).trimStart();
    if (rest === '') return new NodeSetMistake('a name is missing at the end');
    if (rest.startsWith('[')) return new NodeSetMistake('a bracket is not closed');
    return new NodeSetMistake(`nobody knows what '${rest.slice(0, 20)}' means there`);
  }
}

function tooDeep(): NodeSetMistake {
  return new NodeSetMistake(
    `more than ${DEPTH_MAX} parentheses or groups within each other; does a group name itself?`,
  );
}

function unite(left: Set<string>, right: ReadonlySet<string>): void {
  for (const name of right) left.add(name);
}

function subtract(left: Set<string>, right: ReadonlySet<string>): void {
  for (const name of right) left.delete(name);
}

function intersect(left: Set<string>, right: ReadonlySet<string>): void {
  for (const name of left) if (!right.has(name)) left.delete(name);
}

function differ(left: Set<string>, right: ReadonlySet<string>): void {
  for (const name of right) if (!left.delete(name)) left.add(name);
}
