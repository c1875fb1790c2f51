// SPDX-License-Identifier: Apache-2.0
/**
 * Which OCF scripts an agent runs at all: `heartbeat/ZFS,lustre/*`, or a file with one of them on
 * each line. So a manager that has fallen into wrong hands can at most start and stop what this host
 * is for.
 */
import { readFileSync } from 'node:fs';
import { messageOf } from '../../kernel/error.ts';
import { flagOr, wrongValue, type FindSetting, type Setting } from '../../runtime/settings.ts';

export type AllowKind = (kind: string) => boolean;

const PATTERN = /^[A-Za-z0-9_][A-Za-z0-9_.-]*\/(?:\*|[A-Za-z0-9_][A-Za-z0-9_.-]*)$/;

/** Throws an AureoleError that names the flag or setting. */
export function allowedKinds(flag: string | undefined, find: FindSetting): AllowKind {
  const setting = flagOr('--kinds', flag, find('AUREOLE_KINDS'));
  if (setting === undefined) return () => true;
  const { value } = setting;
  const isFile = value.startsWith('/');
  const patterns = isFile ? linesOf(setting) : value.split(',').map((word) => word.trim());
  const wrong = patterns.find((pattern) => !PATTERN.test(pattern));
  if (wrong !== undefined) {
    const where = isFile ? `${value}: ` : '';
    const remedy = 'write provider/type or provider/*, like heartbeat/ZFS,lustre/*';
    throw wrongValue(setting, `${where}${JSON.stringify(wrong)} is no kind: ${remedy}`);
  }
  const allowed = new Set(patterns);
  return (kind) => allowed.has(kind) || allowed.has(`${kind.split('/')[0]}/*`);
}

function linesOf(setting: Setting): string[] {
  const { value: path } = setting;
  try {
    return readFileSync(path, 'utf8')
      .split('\n')
      .map((line) => line.replace(/#.*/, '').trim())
      .filter((line) => line !== '');
  } catch (error) {
    const remedy = 'Write it, one provider/type on each line.';
    throw wrongValue(setting, `${path} cannot be read: ${messageOf(error)}. ${remedy}`);
  }
}
