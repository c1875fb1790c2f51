// SPDX-License-Identifier: Apache-2.0
/** What is said of peers that were turned away: one that comes again and again must not fill the log. */
import type { Log } from '../runtime/log.ts';

const COMPLAIN_EVERY_MS = 10_000;

export function complaints(log: Log): (facts: object) => void {
  let lastAt = -COMPLAIN_EVERY_MS;
  let unsaid = 0;
  return (facts) => {
    const now = performance.now();
    if (now - lastAt < COMPLAIN_EVERY_MS) {
      unsaid += 1;
      return;
    }
    log.warn({ ...facts, ...(unsaid > 0 && { unsaid }) }, 'a peer was turned away');
    lastAt = now;
    unsaid = 0;
  };
}
