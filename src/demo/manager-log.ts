// SPDX-License-Identifier: Apache-2.0
/**
 * What the manager does that is no event of its own: it asks devices and hosts. Its log has a line
 * for each step, with the commands.
 */
import { z } from 'zod';
import { AppendLog } from '../lab/append-log.ts';
import type { WorldNews } from './cluster.ts';

const Step = z.object({ msg: z.literal('step'), time: z.string(), commands: z.array(z.string()) });
/** Starts and stops are events; looking after the devices goes on all the time. */
const LEFT_OUT = /^(?:start|stop) |: its devices are checked$/;

export class ManagerLog {
  readonly #log: AppendLog;

  constructor(path: string) {
    this.#log = new AppendLog(path);
  }

  read(): readonly WorldNews[] {
    return this.#log.read().flatMap((line) => {
      const step = Step.safeParse(parseJson(line));
      if (!step.success) return [];
      const commands = step.data.commands.filter((command) => !LEFT_OUT.test(command));
      const at = Date.parse(step.data.time);
      return commands.map((text): WorldNews => ({ type: 'manager', at, text }));
    });
  }
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined; // Words that a crash has written, for instance.
  }
}
