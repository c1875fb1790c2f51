// SPDX-License-Identifier: Apache-2.0
/**
 * Swarm testing: each run draws its own mix of faults, and many a fault is wholly absent from many a
 * run, since faults that are always there hide each other.
 */
import type { Random } from '../kernel/random.ts';

export class Swarm<Fault extends string> {
  readonly odds: ReadonlyMap<Fault, number>;
  readonly #streams = new Map<Fault, Random>();
  readonly #random: Random;
  on = true;

  /** `faults`: the highest probability of each, where it is present. `always`: there for certain. */
  constructor(
    random: Random,
    faults: Readonly<Record<Fault, number>>,
    presence: number,
    always: readonly Fault[],
  ) {
    this.#random = random;
    const mix = random.fork('mix');
    const odds = new Map<Fault, number>();
    for (const fault of namesOf(faults)) {
      const there = mix.chance(presence);
      const share = mix.next();
      const certain = always.includes(fault);
      if (certain) odds.set(fault, faults[fault] * (0.5 + share / 2));
      else odds.set(fault, there ? share * faults[fault] : 0);
    }
    this.odds = odds;
  }

  /** Does it happen now? Each fault draws from a stream of its own. */
  strikes(fault: Fault): boolean {
    if (!this.on) return false;
    const odds = this.odds.get(fault) ?? 0;
    return odds > 0 && this.stream(fault).chance(odds);
  }

  stream(fault: Fault): Random {
    let stream = this.#streams.get(fault);
    if (stream === undefined) {
      stream = this.#random.fork(`fault ${fault}`);
      this.#streams.set(fault, stream);
    }
    return stream;
  }
}

function namesOf<Fault extends string>(faults: Readonly<Record<Fault, number>>): Fault[] {
  const names: Fault[] = [];
  for (const name in faults) names.push(name);
  return names;
}
