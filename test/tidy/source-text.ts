// SPDX-License-Identifier: Apache-2.0
/**
 * Reads TypeScript just well enough to tell code from comments and strings, so that a rule about
 * code is not fooled by prose. No types, no syntax tree: the rules need neither.
 */

type Piece = { readonly type: 'code' | 'comment' | 'string'; readonly text: string };

const COMMENT = /\/\/[^\n]*|\/\*[^]*?\*\//y;
const QUOTED = /'(?:[^'\\\n]|\\[^])*'|"(?:[^"\\\n]|\\[^])*"/y;
const TEMPLATE_PART = /(?:[^`\\$]|\\[^]|\$(?!\{))*/y;
const REGEX = /\/(?![*/])(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/y;
/** What stands before a slash that begins a regular expression, not a division. */
const BEFORE_REGEX =
  /(?:^|[(,=:[!&|?{};+\-*%<>~^]|\b(?:return|typeof|case|in|of|do|else|void|throw))$/;

/** The source, cut into code, comments and strings, in order and without loss. */
export function cut(source: string): readonly Piece[] {
  const pieces: Piece[] = [];
  let code = '';
  let at = 0;
  /** Depth of braces at which each open `${` ends. */
  const templates: number[] = [];
  let depth = 0;

  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    return pattern.exec(source)?.[0];
  };
  const put = (type: 'comment' | 'string', text: string): void => {
    if (code !== '') pieces.push({ type: 'code', text: code });
    code = '';
    pieces.push({ type, text });
    at += text.length;
  };
  const putTemplate = (): void => {
    const text = `${source.charAt(at)}${afterFirst()}`;
    const end = source.startsWith('${', at + text.length) ? '${' : '`';
    if (end === '${') templates.push(depth);
    put('string', text + end);
  };
  const afterFirst = (): string => {
    TEMPLATE_PART.lastIndex = at + 1;
    return TEMPLATE_PART.exec(source)?.[0] ?? '';
  };

  while (at < source.length) {
    const char = source.charAt(at);
    const comment = char === '/' ? match(COMMENT) : undefined;
    const quoted = char === "'" || char === '"' ? match(QUOTED) : undefined;
    const regex = char === '/' && BEFORE_REGEX.test(code.trimEnd()) ? match(REGEX) : undefined;
    if (comment !== undefined) put('comment', comment);
    else if (quoted !== undefined) put('string', quoted);
    else if (regex !== undefined) put('string', regex);
    else if (char === '`') putTemplate();
    else if (char === '}' && templates.at(-1) === depth) {
      templates.pop();
      putTemplate();
    } else {
      if (char === '{') depth += 1;
      if (char === '}') depth -= 1;
      code += char;
      at += 1;
    }
  }
  if (code !== '') pieces.push({ type: 'code', text: code });
  return pieces;
}

/** What a source imports or exports from elsewhere, types included. */
export function importsOf(source: string): readonly string[] {
  const found: string[] = [];
  let before = '';
  for (const piece of cut(source)) {
    if (piece.type === 'comment') continue;
    if (piece.type === 'string' && /(?:\bfrom|\bimport|\bimport\s*\()\s*$/.test(before)) {
      found.push(piece.text.slice(1, -1));
    }
    before = piece.type === 'code' ? piece.text : '';
  }
  return found;
}

/** Every string of a source that names another source: imports, and what a worker is made from. */
export function sourcesNamedIn(source: string): readonly string[] {
  const strings = cut(source).filter((piece) => piece.type === 'string');
  return strings
    .map((piece) => piece.text.slice(1, -1))
    .filter((text) => /^\.\.?\/.*\.ts$/.test(text));
}
