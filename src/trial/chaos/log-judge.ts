// SPDX-License-Identifier: Apache-2.0
/** Finds in the logs of the daemons what no daemon may ever write there. */
import { join } from 'node:path';
import { AppendLog } from '../../lab/append-log.ts';
import type { LabHost } from '../../lab/host.ts';

/** A promise nobody waits for, an error nobody catches, a stack, a runtime that warns. */
const FAULTY =
  /unhandled|uncaught|"level":"fatal"|^\s+at .+:\d+:\d+\)?$|out of memory|^\(node:\d+\) \w*Warning/i;

export class LogJudge {
  readonly #logs: readonly { readonly name: string; readonly log: AppendLog }[];

  constructor(hosts: readonly LabHost[]) {
    this.#logs = hosts.map(({ name, directory }) => {
      return { name, log: new AppendLog(join(directory, 'program.log'), Infinity) };
    });
  }

  /** What is wrong with what was written since the last look. */
  look(): readonly string[] {
    return this.#logs.flatMap(({ name, log }) => {
      const lines = log.read();
      const index = lines.findIndex((line) => isFaulty(line));
      if (index < 0) return [];
      return [`${name} wrote: ${lines.slice(Math.max(0, index - 3), index + 3).join('\n')}`];
    });
  }
}

export function isFaulty(line: string): boolean {
  return FAULTY.test(line);
}
