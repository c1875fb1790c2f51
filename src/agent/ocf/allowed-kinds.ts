// SPDX-License-Identifier: Apache-2.0
/**
 * Which OCF scripts an agent runs at all: `heartbeat/ZFS,lustre/*`, or a file with one of them on
 * each line. So a manager that has fallen into wrong hands can at most start and stop what this host
 * is for.
 */
import { readFileSync } from 'node:fs';
import { messageOf } from '../../kernel/error.ts';
import { invalidSetting, type FindSetting } from '../../runtime/settings.ts';

export type AllowKind = (kind: string) => boolean;

const PATTERN = /^[A-Za-z0-9_][A-Za-z0-9_.-]*\/(?:\*|[A-Za-z0-9_][A-Za-z0-9_.-]*)$/;

/** Throws an AureoleError with the code `settings-invalid`. */
export function allowedKinds(flag: string | undefined, find: FindSetting): AllowKind {
  const setting = find('AUREOLE_KINDS');
  const value = flag ?? setting?.value;
  if (value === undefined) return () => true;
  const from = flag === undefined ? (setting?.from ?? '') : '--kinds';
  const [patterns, place] = value.startsWith('/')
    ? [linesOf(value, from), value]
    : [value.split(',').map((word) => word.trim()), from];
  const wrong = patterns.find((pattern) => !PATTERN.test(pattern));
  if (wrong !== undefined) {
    throw invalidSetting(
      `${place}: ${JSON.stringify(wrong)} is no kind: write provider/type or provider/*, like heartbeat/ZFS,lustre/*`,
    );
  }
  const allowed = new Set(patterns);
  return (kind) => allowed.has(kind) || allowed.has(`${kind.split('/')[0]}/*`);
}

function linesOf(path: string, from: string): string[] {
  try {
    return readFileSync(path, 'utf8')
      .split('\n')
      .map((line) => line.replace(/#.*/, '').trim())
      .filter((line) => line !== '');
  } catch (error) {
    throw invalidSetting(
      `${from}: ${path} cannot be read: ${messageOf(error)}. Write it, one provider/type on each line.`,
    );
  }
}
