// SPDX-License-Identifier: Apache-2.0
/**
 * Looks into the hosts themselves: what lab/Recorded starts is a file in its host's /run, so that two
 * hosts with the same file at the same moment run the same thing twice, whatever any log says.
 */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

export type Inspected = {
  readonly name: string;
  /** Its /run as seen from here; undefined while it is off. */
  readonly run: () => string | undefined;
};

const PREFIX = 'Recorded-';

export class RunJudge {
  readonly #hosts: readonly Inspected[];
  readonly #told = new Set<string>();

  constructor(hosts: readonly Inspected[]) {
    this.#hosts = hosts;
  }

  /** What runs where at this moment. */
  holders(): ReadonlyMap<string, readonly string[]> {
    const found = new Map<string, string[]>();
    for (const { name, run } of this.#hosts) {
      for (const file of list(run())) {
        const resource = file.slice(PREFIX.length);
        found.set(resource, [...(found.get(resource) ?? []), name]);
      }
    }
    return found;
  }

  /** In words, whatever runs twice; each once for a pair of hosts. */
  look(): readonly string[] {
    return [...this.holders()].flatMap(([resource, names]) => {
      const [one, other] = names;
      if (one === undefined || other === undefined) return [];
      const key = `${resource} ${one} ${other}`;
      if (this.#told.has(key) || !this.#runsOnBoth(resource, one, other)) return [];
      this.#told.add(key);
      return [`${resource} runs on ${one} and on ${other} (their /run, at ${Date.now()})`];
    });
  }

  /** The directories were read one after the other: the first file must be there before and after the second. */
  #runsOnBoth(resource: string, one: string, other: string): boolean {
    const before = this.#identity(resource, one);
    const second = this.#identity(resource, other);
    return before !== undefined && second !== undefined && before === this.#identity(resource, one);
  }

  #identity(resource: string, host: string): string | undefined {
    const run = this.#hosts.find(({ name }) => name === host)?.run();
    if (run === undefined) return undefined;
    try {
      const { dev, ino, ctimeMs } = statSync(join(run, 'resource-agents', `${PREFIX}${resource}`));
      return `${dev} ${ino} ${ctimeMs}`;
    } catch {
      return undefined; // It ended between the two looks.
    }
  }
}

function list(run: string | undefined): readonly string[] {
  if (run === undefined) return [];
  try {
    return readdirSync(join(run, 'resource-agents')).filter((name) => name.startsWith(PREFIX));
  } catch {
    return []; // It was switched off meanwhile, or is not yet up.
  }
}
