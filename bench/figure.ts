// SPDX-License-Identifier: Apache-2.0
/** A figure that was measured: one JSON line, for a person with `jq` and for whoever compares two runs. */

export type Figure = {
  readonly figure: string;
  /** The median, unless the figure's name says otherwise. */
  readonly value: number;
  readonly unit: string;
  readonly runs: number;
  /** The peer or limit that was measured in the same run, its value, and value / peer. */
  readonly against?: string;
  readonly peer?: number;
  readonly ratio?: number;
  /** What must be reached, in words. */
  readonly bar: string;
  readonly holds: boolean;
  /** The spread, where there are several runs. */
  readonly spread?: Spread;
  /** What else a reader needs to judge it. */
  readonly note?: string;
};

export type Spread = {
  readonly min: number;
  readonly p50: number;
  readonly p95: number;
  readonly max: number;
};

/** By the nearest rank. Throws without a sample. */
export function spreadOf(samples: readonly number[]): Spread {
  const sorted = samples.toSorted((a, b) => a - b);
  const rank = (share: number): number => {
    const sample = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
    if (sample === undefined) throw new Error('a figure of no samples');
    return rounded(sample);
  };
  return { min: rank(0), p50: rank(0.5), p95: rank(0.95), max: rank(1) };
}

/** Four digits are more than any of these measurements is worth. */
export function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
