// SPDX-License-Identifier: Apache-2.0
/** Which tests there are, by the folder they lie in, and how they may be run. */
import { globSync } from 'node:fs';

export type Suite = {
  readonly name: string;
  readonly files: readonly string[];
  /** Files at the same time: one where they share the machine's networks, disks or ports. */
  readonly parallel: number;
  /** For one file, all of its tests together. */
  readonly deadlineMs: number;
};

const FOLDERS = [
  { name: 'tidy', folder: 'test/tidy/', parallel: 2, deadlineMs: 60_000 },
  { name: 'scenario', folder: 'test/scenarios/', parallel: 2, deadlineMs: 60_000 },
  { name: 'sim', folder: 'test/sim/', parallel: 2, deadlineMs: 180_000 },
  { name: 'component', folder: 'test/component/', parallel: 1, deadlineMs: 180_000 },
  { name: 'system', folder: 'test/system/', parallel: 1, deadlineMs: 420_000 },
] as const;
/** Beside the sources, and wherever else: no test lies where it is never run. */
const UNIT = { name: 'unit', folder: '', parallel: 2, deadlineMs: 60_000 } as const;

export const SUITE_NAMES: readonly string[] = [UNIT, ...FOLDERS].map(({ name }) => name);

/** The suites of these names, quick ones first. */
export function findSuites(names: readonly string[], root: string): readonly Suite[] {
  const all = globSync('{src,test,scripts,bench}/**/*.test.ts', { cwd: root }).sort();
  const placeOf = (path: string): string =>
    FOLDERS.find(({ folder }) => path.startsWith(folder))?.name ?? UNIT.name;
  return [UNIT, ...FOLDERS]
    .filter(({ name }) => names.includes(name))
    .map(({ name, parallel, deadlineMs }) => {
      return { name, parallel, deadlineMs, files: all.filter((path) => placeOf(path) === name) };
    });
}
