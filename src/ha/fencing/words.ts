// SPDX-License-Identifier: Apache-2.0
/** The words of a fence program, made fit for a log: short, and without secrets. */

const TEXT_LENGTH_MAX = 300;
/** Where output was left out, the lines beside the gap may hold a part of a secret. */
const CUT_LINES = /(^|\n)[^\n]*\n\[\.\.\. \d+ bytes left out \.\.\.\]\n[^\n]*/g;

/** The last line that is not empty; that is where fence programs and Python say what went wrong. */
export function lastWords(output: string, secrets: readonly string[]): string {
  const lines = output.replace(CUT_LINES, '').split('\n');
  const line = lines.findLast((text) => text.trim() !== '') ?? '';
  const words = withoutSecrets(line.trim(), secrets);
  return words.length > TEXT_LENGTH_MAX ? `${words.slice(0, TEXT_LENGTH_MAX)}...` : words;
}

/** Longest first, so that a secret that holds another one does not show its rest. */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  return secrets
    .flatMap((secret) => [secret, encodeURIComponent(secret)])
    .filter((secret) => secret !== '')
    .toSorted((a, b) => b.length - a.length)
    .reduce((clean, secret) => clean.replaceAll(secret, '***'), text);
}
