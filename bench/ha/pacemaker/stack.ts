// SPDX-License-Identifier: Apache-2.0
/**
 * What both stacks are to the bench: two lab hosts, ten resources at home on the victim, and a way to
 * order them away. Faults are not in it: they befall the lab host, whatever runs there.
 */
import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { LabHost } from '../../../src/lab/host.ts';
import type { Lab } from '../../../src/lab/lab.ts';
import type { ActLog } from './act-log.ts';

export type Stack = AsyncDisposable & {
  readonly name: 'pacemaker' | 'aureole';
  readonly victim: LabHost;
  readonly survivor: LabHost;
  /** Where something of it runs that serves both. */
  readonly manager?: LabHost;
  readonly acts: ActLog;
  /** Its daemons, by the names of their executables. */
  readonly daemons: RegExp;
  /** Undefined: nothing is left to do for it, and the next fault would find everything in place. */
  readonly whyNotWhole: () => Promise<string | undefined>;
  /** Brings the resources home, where the stack does not do that by itself. */
  readonly bringHome: () => Promise<void>;
  /** Orders all resources away from the victim, as an administrator does. */
  readonly orderAway: () => Promise<void>;
};

export const SURVIVOR = 'oss1';
export const VICTIM = 'oss2';
export const RESOURCES: readonly string[] = Array.from({ length: 10 }, (_, i) => `dummy${i + 1}`);
export const MONITOR_SECONDS = 5;
export const FENCE_CHECK_SECONDS = 60;

const WHOLE_DEADLINE_MS = 90_000;
const LOOK_EVERY_MS = 200;

/** Each is another thing, also for a stack that looks at parameters. */
export function parametersOf(
  resource: string,
  acts: ActLog,
): Readonly<Record<'state' | 'log', string>> {
  return { state: `/run/resource-agents/${resource}`, log: acts.path };
}

/** Puts the bench's resource agent into the lab's OCF root, as provider `bench`. */
export function installDummy(lab: Lab): void {
  const folder = join(lab.ocfRoot, 'resource.d', 'bench');
  mkdirSync(folder);
  copyFileSync(join(import.meta.dirname, 'ocf', 'Dummy'), join(folder, 'Dummy'));
}

export async function waitUntilWhole(stack: Stack): Promise<void> {
  await waitUntil(`${stack.name} is whole`, async () => {
    const why = await stack.whyNotWhole();
    if (why !== undefined) return why;
    return stack.acts.runAllOn(stack.victim.name) ? undefined : 'not all resources are at home';
  });
}

/** `obstacle` says what keeps it from being so; undefined: nothing does. */
export async function waitUntil(
  what: string,
  obstacle: () => Promise<string | undefined> | string | undefined,
): Promise<void> {
  const deadline = performance.now() + WHOLE_DEADLINE_MS;
  for (;;) {
    const why = await obstacle();
    if (why === undefined) return;
    if (performance.now() > deadline) {
      throw new Error(`not within ${WHOLE_DEADLINE_MS} ms: ${what}: ${why}`);
    }
    await delay(LOOK_EVERY_MS);
  }
}
