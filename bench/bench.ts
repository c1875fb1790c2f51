// SPDX-License-Identifier: Apache-2.0
/** One thing that is measured; it may give several figures. */
import type { Figure } from './figure.ts';

export type BenchOptions = {
  /** Few runs and short ones, to try whether it works: the figures are worth nothing. */
  readonly quick: boolean;
  /** Tells whoever waits what is being done. */
  readonly say: (text: string) => void;
};

export type Bench = {
  readonly name: string;
  /** What it measures, and about how long it takes. */
  readonly about: string;
  readonly run: (options: BenchOptions) => Promise<readonly Figure[]>;
};
