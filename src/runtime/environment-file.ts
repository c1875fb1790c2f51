// SPDX-License-Identifier: Apache-2.0
/**
 * Reads files of `KEY=VALUE` lines as systemd's EnvironmentFile= does, so that a unit and a command
 * typed by hand see the same values. Stricter in one thing: a line that systemd would skip with a
 * warning is a mistake here, since whoever wrote it relies on it.
 */

export type EnvironmentEntry = { readonly value: string; readonly line: number };

export type EnvironmentFile = {
  readonly entries: ReadonlyMap<string, EnvironmentEntry>;
  /** What is wrong, and the remedy; never the value, which may be a secret. */
  readonly mistakes: readonly { readonly line: number; readonly text: string }[];
};

const BLANK_OR_COMMENT = /[ \t\r]*(?:[#;][^\n]*)?(?:\n|$)/y;
const KEY = /[ \t]*([A-Za-z_][A-Za-z0-9_]*)[ \t]*=/y;
const REST_OF_LINE = /[^\n]*\n?/y;
const QUOTED = /[ \t\r]*(?:'([^']*)'|"((?:[^"\\]|\\[^])*)")/y;
const PLAIN = /[ \t\r]*((?:[^\\\n]|\\[^]|\\$)*)(?:\n|$)/y;

export function parseEnvironmentFile(text: string): EnvironmentFile {
  const entries = new Map<string, EnvironmentEntry>();
  const mistakes: { line: number; text: string }[] = [];
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match !== null) at = pattern.lastIndex;
    return match;
  };
  while (at < text.length) {
    if (take(BLANK_OR_COMMENT) !== null) continue;
    const line = text.slice(0, at).split('\n').length;
    const key = take(KEY)?.[1];
    if (key === undefined) {
      mistakes.push({ line, text: whyNoSetting(take(REST_OF_LINE)?.[0] ?? '') });
      continue;
    }
    const value = takeValue(take);
    if (value !== undefined) entries.set(key, { value, line });
    else mistakes.push({ line, text: `${key}: a quote is opened and not closed: close it` });
  }
  return { entries, mistakes };
}

/** Quoted parts first, then what stands bare up to the end of the line; undefined: a quote stays open. */
function takeValue(take: (pattern: RegExp) => RegExpExecArray | null): string | undefined {
  let value = '';
  for (let part = take(QUOTED); part !== null; part = take(QUOTED)) {
    const [, single, double = ''] = part;
    value += single ?? double.replaceAll(/\\(["\\$`])|\\\n/g, '$1');
  }
  const plain = take(PLAIN)?.[1] ?? '';
  if (/^['"]/.test(plain)) return undefined;
  return value + plain.trimEnd().replaceAll(/\\\n|\\([^])|\\$/g, '$1');
}

function whyNoSetting(line: string): string {
  if (/^\s*export\s/.test(line)) return 'export has no meaning here: remove the word';
  if (!line.includes('=')) return 'is no KEY=VALUE: add the value, or # in front';
  return 'before = stands no name: use letters, digits and _';
}
