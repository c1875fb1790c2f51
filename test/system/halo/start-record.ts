// SPDX-License-Identifier: Apache-2.0
/** What was started and stopped where, in the order of time: whoever starts, stops or cuts power appends a line. */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export class StartRecord {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  note(host: string, resource: string, act: 'start' | 'stop'): void {
    appendFileSync(join(this.#folder, 'record'), `${host} ${resource} ${act} by hand\n`);
  }

  /** `HOST RESOURCE start|stop [by hand]`, or `HOST - off` */
  acts(): readonly string[] {
    return linesOf(join(this.#folder, 'record'));
  }

  actsOfScripts(): readonly string[] {
    return this.acts().filter((act) => / (?:start|stop)$/.test(act));
  }

  /** How often each resource was looked at on a host: the least of them. */
  monitors(host: string): number {
    const looks = Map.groupBy(
      linesOf(join(this.#folder, host, 'monitors')),
      (resource) => resource,
    );
    return Math.min(...[...looks.values()].map(({ length }) => length));
  }

  /** Resources that at some time ran on two hosts. */
  doubleStarts(): readonly string[] {
    const running = new Map<string, Set<string>>();
    const doubled = new Set<string>();
    for (const line of this.acts()) {
      const [host = '', resource = '', act] = line.split(' ');
      if (act === 'off') {
        for (const hosts of running.values()) hosts.delete(host);
        continue;
      }
      const hosts = running.get(resource) ?? new Set();
      running.set(resource, hosts);
      if (act === 'stop') hosts.delete(host);
      else if (hosts.add(host).size > 1) doubled.add(resource);
    }
    return [...doubled];
  }
}

function linesOf(path: string): readonly string[] {
  return existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : [];
}
