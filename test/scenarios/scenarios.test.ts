// SPDX-License-Identifier: Apache-2.0
/**
 * Every scenario of ha/ is played on the simulated cluster, and its outcomes must be the ones that its
 * text tells. `npm test -- scenario` compares; `UPDATE=1 npm test -- scenario` rewrites the outcomes:
 * read what changes, a careful administrator must want each line of it.
 */
import assert from 'node:assert/strict';
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { diff } from 'node:util';
import { playScenario } from '../../src/ha/sim/scenario.ts';

const FOLDER = join(import.meta.dirname, 'ha');
const CONTEXT = 2;

const paths = globSync('*.txt', { cwd: FOLDER }).toSorted();
assert.ok(paths.length > 0);

for (const path of paths) {
  const file = join(FOLDER, path);
  const text = readFileSync(file, 'utf8');
  test(`${basename(path, '.txt')}: ${firstSentence(text)}`, () => {
    const played = playScenario(text);
    if (played === text) return;
    if (process.env['UPDATE'] === '1') return writeFileSync(file, played);
    assert.fail(`${path} comes out differently:\n${difference(text, played)}`);
  });
}

function firstSentence(text: string): string {
  const prose = /^(?:#.*\n)+/.exec(text)?.[0] ?? '';
  return /^.*?(?=[.:;](?:\s|$)|$)/.exec(prose.replaceAll(/\s*#\s*/g, ' ').trim())?.[0] ?? '';
}

/** What differs, with a little around it. */
function difference(before: string, after: string): string {
  const lines = diff(before.split('\n'), after.split('\n'));
  const isNear = (at: number): boolean =>
    lines.slice(Math.max(0, at - CONTEXT), at + CONTEXT + 1).some(([sign]) => sign !== 0);
  return lines
    .filter((_, at) => isNear(at))
    .map(([sign, line]) => `${sign === 0 ? ' ' : sign > 0 ? '-' : '+'} ${line}`)
    .join('\n');
}
