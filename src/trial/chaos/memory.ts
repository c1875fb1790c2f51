// SPDX-License-Identifier: Apache-2.0
/**
 * Whether a process keeps what it takes: its resident memory and its open files over its life. What
 * grows without end shows as a last third above the first, once it is warm; what was restarted
 * begins anew.
 */

export type Sample = {
  /** What it is a process of, such as `h1`. */
  readonly name: string;
  /** Changes with each start of it. */
  readonly process: string;
  readonly atMs: number;
  readonly rssMb: number;
  readonly files: number;
};

type Series = { readonly process: string; readonly beganAt: number; readonly samples: Sample[] };

const WARM_UP_MS = 60_000;
const JUDGED_AFTER_MS = 180_000;
const GROWTH_MAX = 0.15;
const GROWTH_MB_MAX = 15;
const FILES_GROWTH_MAX = 20;

export class MemoryJudge {
  readonly #series = new Map<string, Series>();
  readonly #told = new Set<string>();
  readonly #peaks = new Map<string, number>();
  /** The longest life that was watched, in milliseconds. */
  longestMs = 0;

  /** What is wrong with it, if anything is; told once for each process. */
  see(sample: Sample): string | undefined {
    const series = this.#seriesOf(sample);
    this.#peaks.set(sample.name, Math.max(this.#peaks.get(sample.name) ?? 0, sample.rssMb));
    const ageMs = sample.atMs - series.beganAt;
    this.longestMs = Math.max(this.longestMs, ageMs);
    if (ageMs >= WARM_UP_MS) series.samples.push(sample);
    if (ageMs < JUDGED_AFTER_MS || this.#told.has(sample.process)) return undefined;
    const text = growthOf(series.samples);
    if (text === undefined) return undefined;
    this.#told.add(sample.process);
    return `${sample.name}: ${text}`;
  }

  /** The most that each has had, in MB. */
  peaks(): ReadonlyMap<string, number> {
    return this.#peaks;
  }

  #seriesOf({ name, process, atMs }: Sample): Series {
    const known = this.#series.get(name);
    if (known?.process === process) return known;
    const series = { process, beganAt: atMs, samples: [] };
    this.#series.set(name, series);
    return series;
  }
}

function growthOf(samples: readonly Sample[]): string | undefined {
  const third = Math.floor(samples.length / 3);
  if (third === 0) return undefined;
  const [first, last] = [samples.slice(0, third), samples.slice(-third)];
  const [from, to] = [medianOf(first, 'rssMb'), medianOf(last, 'rssMb')];
  const allowed = Math.max(GROWTH_MB_MAX, from * GROWTH_MAX);
  if (to - from > allowed) return `its memory grew from ${from} to ${to} MB`;
  const [open, stillOpen] = [medianOf(first, 'files'), medianOf(last, 'files')];
  if (stillOpen - open > FILES_GROWTH_MAX)
    return `its open files grew from ${open} to ${stillOpen}`;
  return undefined;
}

function medianOf(samples: readonly Sample[], key: 'rssMb' | 'files'): number {
  const values = samples.map((sample) => sample[key]).toSorted((a, b) => a - b);
  return values[Math.floor(values.length / 2)] ?? 0;
}
