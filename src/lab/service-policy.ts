// SPDX-License-Identifier: Apache-2.0
/**
 * Keeps the packages that are being installed from starting their daemons: Debian's invoke-rc.d
 * asks the program policy-rc.d, and 101 means no.
 *
 * What the machine has there is put aside by renaming, so that it comes back exactly as it was.
 * Whoever was killed in between left a note of it in the file itself: the next one restores it.
 */
import { lstatSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';

const POLICY = '/usr/sbin/policy-rc.d';
const MARK = '# Put here by aureole while it installs packages; it takes it away again.';

/** Runs the work. A signal that comes meanwhile is the work's to obey, and ours when all is restored. */
export async function withoutServiceStarts(
  work: () => Promise<void>,
  policy: string = POLICY,
): Promise<void> {
  const aside = `${policy}.before-aureole`;
  restore(policy, aside);
  let interrupt: NodeJS.Signals | undefined;
  const note = (signal: NodeJS.Signals) => (interrupt = signal);
  process.on('SIGINT', note).on('SIGTERM', note);
  try {
    if (isThere(policy)) renameSync(policy, aside);
    writeFileSync(policy, `#!/bin/sh\n${MARK}\nexit 101\n`, { mode: 0o755, flag: 'wx' });
    await work();
  } finally {
    restore(policy, aside);
    process.off('SIGINT', note).off('SIGTERM', note);
    if (interrupt !== undefined) process.kill(process.pid, interrupt);
  }
}

function restore(policy: string, aside: string): void {
  if (isThere(policy) && isOurs(policy)) rmSync(policy);
  if (isThere(aside) && !isThere(policy)) renameSync(aside, policy);
}

function isOurs(policy: string): boolean {
  try {
    return readFileSync(policy, 'utf8').includes(MARK);
  } catch {
    return false;
  }
}

/** A link that points nowhere is there, too. */
function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}
