// SPDX-License-Identifier: Apache-2.0
/**
 * Gives back what only the start of a daemon has needed: garbage, what malloc keeps for later, and the
 * pages of Node's own executable, which the kernel maps generously around each one that is touched.
 * They are clean, and whichever is used again comes back from the page cache. Half of a daemon's
 * memory goes so; nothing else would ever take it from one that waits most of its life. The manager
 * keeps its pages: it is needed most when disks hang.
 */
import { readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Log } from './log.ts';

const MADV_DONTNEED = 4;

/** After the start, when what it needed is not needed any more. */
const SETTLED_MS = 10_000;

/** Once the daemon has settled. */
export function giveBackOnceSettled(log: Log): Disposable {
  const settled = setTimeout(() => {
    giveBackMemory().catch((error: unknown) => log.debug({ error }, 'memory is not given back'));
  }, SETTLED_MS);
  settled.unref();
  return { [Symbol.dispose]: () => clearTimeout(settled) };
}

export async function giveBackMemory(): Promise<void> {
  const { default: koffi } = await import('koffi');
  const libc = koffi.load('libc.so.6');
  const trim = libc.func('int malloc_trim(size_t pad)');
  const advise = libc.func('int madvise(uintptr_t address, size_t length, int advice)');
  collectGarbage();
  trim(0);
  for (const { from, to } of pristineRanges(process.execPath)) {
    advise(from, to - from, MADV_DONTNEED);
  }
}

/** Node shows its collector to new contexts only, once this flag is set. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  if (typeof collect === 'function') Reflect.apply(collect, undefined, []);
}

/**
 * Where the file is mapped, cannot be written to, and has no page of its own: what the loader has written
 * into a page would be lost.
 */
function pristineRanges(path: string): readonly { from: number; to: number }[] {
  const mappings = readFileSync('/proc/self/smaps', 'latin1').split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m);
  return mappings.flatMap((mapping) => {
    const [head = ''] = mapping.split('\n', 1);
    const [range = '', access = '', , , , ...words] = head.split(/ +/);
    const isPristine = !access.includes('w') && /^Anonymous: +0 kB$/m.test(mapping);
    if (words.join(' ') !== path || !isPristine) return [];
    const [from = 0, to = 0] = range.split('-').map((address) => parseInt(address, 16));
    return [{ from, to }];
  });
}
