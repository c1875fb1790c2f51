// SPDX-License-Identifier: Apache-2.0
/** Mistakes in the configuration: gathered, not thrown one by one, and told with their place. */
import type { z } from 'zod';

export type Path = readonly (string | number)[];

export type Mistake = {
  readonly path: Path;
  /** Is the key itself wrong, or what stands behind it? */
  readonly at: 'key' | 'value';
  /** What is wrong, and the remedy. */
  readonly text: string;
};

/** What zod found in a value, in the words of an administrator. `base`: where the value stands in the file. */
function mistakesOf(error: z.ZodError, value: unknown, base: Path): Mistake[] {
  return error.issues.flatMap((issue) => {
    const path = [...base, ...issue.path.filter((part) => typeof part !== 'symbol')];
    const key = keyOf(path);
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((unknown): Mistake => {
        const text = `unknown key "${unknown}": remove it or correct its spelling`;
        return { path: [...path, unknown], at: 'key', text };
      });
    }
    if (issue.code === 'invalid_key') {
      const text = issue.issues.map((inner) => inner.message).join(', ');
      return [{ path, at: 'key', text: `"${key}" ${text}` }];
    }
    const absent = issue.code === 'invalid_type' && !isThere(value, issue.path);
    const text = `${key}${absent ? ' is missing' : ''}: ${issue.message}`;
    return [{ path, at: 'value', text }];
  });
}

/** The last key of the path, with the places in lists that follow it: `fencing[0]`. */
function keyOf(path: Path): string {
  const places = path.slice(path.findLastIndex((part) => typeof part === 'string'));
  const [key = 'the file', ...indices] = places;
  return [key, ...indices.map((index) => `[${index}]`)].join('');
}

function isThere(value: unknown, path: readonly PropertyKey[]): boolean {
  let inner: unknown = value;
  for (const part of path) {
    if (typeof inner !== 'object' || inner === null || !Object.hasOwn(inner, part)) return false;
    inner = Reflect.get(inner, part);
  }
  return true;
}

/** Parses one part of the file. What is wrong goes to `mistakes`. */
export function parsePart<T>(
  schema: z.ZodType<T>,
  value: unknown,
  path: Path,
  mistakes: Mistake[],
): T | undefined {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  mistakes.push(...mistakesOf(result.error, value, path));
  return undefined;
}
