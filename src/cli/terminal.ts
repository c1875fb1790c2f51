// SPDX-License-Identifier: Apache-2.0
/** The terminal, if there is one: colours, questions, and a view that is redrawn. */
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { stripVTControlCharacters, styleText } from 'node:util';
import type { Look } from '../runtime/command.ts';

/** Colours only on a terminal; NO_COLOR and FORCE_COLOR are heeded. */
export function lookOf(stream: NodeJS.WriteStream): Look {
  return { paint: (style, text) => styleText(style, text, { stream }) };
}

/** Asks on standard error, so that standard output keeps only results; undefined: nobody is there. */
export function asker(
  signal: AbortSignal,
  { hidden = false } = {},
): ((question: string) => Promise<string>) | undefined {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return undefined;
  return async (question) => {
    // What the reader would echo goes nowhere, and so would its question.
    if (hidden) process.stderr.write(question);
    const output = hidden ? new Writable({ write: (_, __, done) => done() }) : process.stderr;
    const reader = createInterface({ input: process.stdin, output, terminal: true });
    try {
      return (await reader.question(question, { signal })).trim();
    } catch {
      // Ctrl-C, or the end of input: no answer is an answer that confirms nothing.
      process.stderr.write('\n');
      return '';
    } finally {
      if (hidden) process.stderr.write('\n');
      reader.close();
    }
  };
}

export function warn(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** On standard error, for who watches: a log of a script keeps results only. */
export function tell(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`${text}\n`);
}

/** Shows a text in the place of the one before: its beginning, where alarms stand, if it is too long. */
export function redraw(stream: NodeJS.WriteStream, text: string): void {
  stream.write(`\u001B[H\u001B[2J${fitting(text, stream)}\n`);
}

/** The last row is the cursor's; lines that are wider than the terminal take several. */
export function fitting(
  text: string,
  { rows, columns }: Pick<NodeJS.WriteStream, 'rows' | 'columns'>,
): string {
  // Some terminals do not say how large they are.
  if (rows === 0 || columns === 0) return text;
  const lines = text.split('\n');
  const ends: number[] = [];
  for (const line of lines) {
    const width = stripVTControlCharacters(line).length;
    ends.push((ends.at(-1) ?? 0) + Math.max(1, Math.ceil(width / columns)));
  }
  if ((ends.at(-1) ?? 0) < rows) return text;
  const shown = ends.filter((end) => end < rows - 1).length;
  return [...lines.slice(0, shown), `(${lines.length - shown} more lines)`].join('\n');
}
