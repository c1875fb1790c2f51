// SPDX-License-Identifier: Apache-2.0
/** What the power switches of the hosts have done, whoever told them to. */
import { join } from 'node:path';
import { AppendLog } from '../lab/append-log.ts';
import type { WorldNews } from './cluster.ts';

export class PowerLogs {
  readonly #logs: ReadonlyMap<string, AppendLog>;

  constructor(hosts: readonly { readonly name: string; readonly directory: string }[]) {
    this.#logs = new Map(
      hosts.map(({ name, directory }) => [name, new AppendLog(join(directory, 'power.log'))]),
    );
  }

  read(): readonly WorldNews[] {
    return [...this.#logs].flatMap(([host, log]) =>
      log.read().map((line) => {
        const [time = '', ...words] = line.split(' ');
        return { type: 'power', at: Date.parse(time), host, text: words.join(' ') };
      }),
    );
  }
}
