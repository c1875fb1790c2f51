// SPDX-License-Identifier: Apache-2.0
/** Makes text from scripts and other machines safe to show: it can neither move the cursor nor forge a line. */

/** C0, DEL, C1, line separators, and what turns the direction of writing. */
const UNSEEN =
  /[\p{Cc}\p{Cs}\u00AD\u061C\u200B-\u200F\u2028-\u202E\u2060-\u2069\uFEFF\uFFF9-\uFFFB]/gu;
/** An escape sequence goes as a whole, so that no `[31m` stays behind. */
// oxlint-disable-next-line no-control-regex -- it is made to find them
const ESCAPE = /\u001B(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001B]*(?:\u0007|\u001B\\)?|[ -/]*[0-~])/g;

/** One line. */
export function printableLine(text: string): string {
  const line = text.replaceAll(ESCAPE, '').replaceAll(/[\t\r\n]+/g, ' ');
  return line.replaceAll(UNSEEN, '').trim();
}

/** Lines as they were, for the output of a script. */
export function printableText(text: string): string {
  const lines = text.replaceAll(ESCAPE, '').split(/\r\n|\r|\n/);
  return lines.map((line) => line.replaceAll('\t', '    ').replaceAll(UNSEEN, '')).join('\n');
}
