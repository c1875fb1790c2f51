// SPDX-License-Identifier: Apache-2.0
/** The licences of what is in a bundle, as their packages tell them. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { MODULES } from './places.ts';

/** Others must be looked at by somebody before anything is shipped with them. */
const KNOWN = new Set([
  'MIT',
  'ISC',
  '0BSD',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'Apache-2.0',
  'Unlicense',
]);

const Manifest = z.object({
  name: z.string(),
  version: z.string(),
  license: z.string(),
  author: z.union([z.string(), z.object({ name: z.string() })]).optional(),
});

/** One text for all of them, in the order of their names. */
export function noticesOf(packages: readonly string[]): string {
  const head = 'This program has code of the following packages in it.\n';
  return [head, ...packages.map(noticeOf)].join(`\n${'-'.repeat(78)}\n\n`);
}

function noticeOf(name: string): string {
  const folder = join(MODULES, name);
  const manifest = Manifest.parse(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')));
  const { version, license, author } = manifest;
  if (!KNOWN.has(license)) {
    throw new Error(`${name} is under the licence ${license}: may it be shipped? (${folder})`);
  }
  const file = readdirSync(folder).find((entry) => /^licen[cs]e(?:\.(?:txt|md))?$/i.test(entry));
  const authorName = typeof author === 'string' ? author : author?.name;
  const text =
    file === undefined
      ? `Copyright (c) ${authorName ?? `the authors of ${name}`}\n\n${standardText(name, license)}`
      : readFileSync(join(folder, file), 'utf8').trim();
  return `${name} ${version} (${license})\n\n${text}\n`;
}

/** For packages that name their licence and forgot its text. */
function standardText(name: string, license: string): string {
  if (license !== 'MIT') throw new Error(`${name} has no text of its licence ${license}`);
  return MIT;
}

const MIT = `Permission is hereby granted, free of charge, to any person obtaining a copy of this software and
associated documentation files (the "Software"), to deal in the Software without restriction,
including without limitation the rights to use, copy, modify, merge, publish, distribute,
sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or
substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT
NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND
NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM,
DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT
OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`;
