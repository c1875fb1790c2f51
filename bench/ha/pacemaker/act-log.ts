// SPDX-License-Identifier: Apache-2.0
/** What the resource agents of both hosts have put on record (ocf/Dummy), and what follows from it. */
import { existsSync, readFileSync } from 'node:fs';

export type Act = {
  /** Milliseconds, by the clock of Date.now. */
  readonly beganAt: number;
  readonly endedAt: number;
  readonly resource: string;
  readonly host: string;
  readonly action: string;
  readonly status: number;
};

export class ActLog {
  readonly path: string;
  readonly #resources: readonly string[];

  constructor(path: string, resources: readonly string[]) {
    this.path = path;
    this.#resources = resources;
  }

  /** The ended ones, in the order of their ends. */
  acts(): readonly Act[] {
    const text = existsSync(this.path) ? readFileSync(this.path, 'utf8') : '';
    const begun = new Map<string, number>();
    return text
      .slice(0, text.lastIndexOf('\n') + 1)
      .split('\n')
      .flatMap((line): Act[] => {
        const [seconds, resource = '', host = '', action = '', what = ''] = line.split(' ');
        const at = Number(seconds) * 1_000;
        const key = `${resource} ${host} ${action}`;
        if (what === 'begin') begun.set(key, at);
        const beganAt = begun.get(key);
        if (what === 'begin' || beganAt === undefined) return [];
        return [{ beganAt, endedAt: at, resource, host, action, status: Number(what) }];
      });
  }

  /** By the last start or stop of each. */
  runAllOn(host: string): boolean {
    const last = new Map<string, Act>();
    for (const act of this.acts()) {
      if (act.action === 'start' || act.action === 'stop') last.set(act.resource, act);
    }
    return this.#resources.every((resource) => {
      const act = last.get(resource);
      return act?.action === 'start' && act.status === 0 && act.host === host;
    });
  }

  /** The first successful start of each resource there that began after an instant; undefined until all are there. */
  startsOn(host: string, sinceAt: number): readonly Act[] | undefined {
    const starts = new Map<string, Act>();
    for (const act of this.acts()) {
      if (act.host !== host || act.action !== 'start' || act.status !== 0) continue;
      if (act.beganAt > sinceAt && !starts.has(act.resource)) starts.set(act.resource, act);
    }
    return starts.size < this.#resources.length ? undefined : [...starts.values()];
  }
}
