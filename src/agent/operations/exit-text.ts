// SPDX-License-Identifier: Apache-2.0
/** What a script says about its end, in one short line that is safe to print on a terminal. */
const REASON = 'ocf-exit-reason:';
const TEXT_MAX = 200;
const SUCCESS = 0;
const NOT_RUNNING = 7;

/**
 * The reason that the script gave on standard error; of a failure without one, its last line. The
 * ordinary answers have no last line here: scripts log with the time of day, and each would be news.
 */
export function exitText(code: number | undefined, stderr: string): string {
  const lines = stderr.split('\n').map(printable);
  const reason = lines.findLast((line) => line.startsWith(REASON));
  if (reason !== undefined) return shorten(reason.slice(REASON.length).trim());
  if (code === SUCCESS || code === NOT_RUNNING) return '';
  return shorten(lines.findLast((line) => line !== '') ?? '');
}

/** Control characters, and those that change the direction of text, could deceive who reads it. */
function printable(line: string): string {
  return line.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').trim();
}

export function shorten(text: string): string {
  const characters = Array.from(text);
  return characters.length <= TEXT_MAX ? text : `${characters.slice(0, TEXT_MAX - 1).join('')}…`;
}
