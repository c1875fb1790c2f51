// SPDX-License-Identifier: Apache-2.0
/**
 * What the world says of itself, whatever the product believes: the log to which every start and stop
 * on every host, and every power-off, appends a line (../lab/ocf/Recorded and the hosts' power
 * switches). Whether a resource ran on two hosts at once is worked out from it alone.
 */

export type WorldLine = {
  readonly atMs: number;
  /** `-`: the line is about the whole host. */
  readonly resource: string;
  readonly host: string;
  readonly what: 'start' | 'started' | 'stop' | 'stopped' | 'off';
};

const WHAT: Readonly<Record<string, WorldLine['what']>> = {
  start: 'start',
  started: 'started',
  stop: 'stop',
  stopped: 'stopped',
  off: 'off',
};

/** A line that is none is an error: the log is ours, and what is not understood may hide an overlap. */
export function parseWorldLog(lines: readonly string[]): readonly WorldLine[] {
  return lines.map((line) => {
    const [at = '', resource = '', host = '', word = '', ...more] = line.split(' ');
    const what = WHAT[word];
    if (!/^\d+$/.test(at) || what === undefined || more.length > 0) {
      throw new Error(`not a line of the world's log: ${line}`);
    }
    return { atMs: Number(at), resource, host, what };
  });
}

/**
 * From the begin of a start until the end of a stop, or until the power is off, a resource may run on
 * a host. No other host may begin to start it meanwhile.
 */
export class OverlapJudge {
  readonly #holders = new Map<string, Set<string>>();

  /** What is wrong with it, if anything is. */
  see(line: WorldLine): string | undefined {
    const { resource, host, what, atMs } = line;
    if (what === 'off') {
      for (const holders of this.#holders.values()) holders.delete(host);
      return undefined;
    }
    const holders = this.#holders.get(resource) ?? new Set<string>();
    this.#holders.set(resource, holders);
    if (what === 'stopped') holders.delete(host);
    if (what !== 'start' && what !== 'started') return undefined;
    const others = [...holders].filter((holder) => holder !== host);
    holders.add(host);
    if (others.length === 0) return undefined;
    return `${resource}: ${what} on ${host} at ${atMs} while it may run on ${others.join(', ')}`;
  }

  /** The hosts on which it may run by the log. */
  holders(resource: string): readonly string[] {
    return [...(this.#holders.get(resource) ?? [])];
  }
}
