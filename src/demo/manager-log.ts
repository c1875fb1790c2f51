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
      return gathered(commands).map((text): WorldNews => ({ type: 'manager', at, text }));
    });
  }
}

/** One line for all probes of a host. */
function gathered(commands: readonly string[]): readonly string[] {
  const lines = new Map<string, string[]>();
  for (const command of commands) {
    const [, resource, host] = /^monitor (\S+) on (\S+) /.exec(command) ?? [];
    const key = host === undefined ? command : `probes on ${host}`;
    lines.set(key, [...(lines.get(key) ?? []), resource ?? '']);
  }
  return [...lines].map(([key, resources]) => {
    const names = resources.filter((name) => name !== '').join(', ');
    return names === '' ? key : `${key}: ${names}`;
  });
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined; // Words that a crash has written, for instance.
  }
}
