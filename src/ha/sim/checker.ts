// SPDX-License-Identifier: Apache-2.0
/** Looks at the simulated world, never at the manager's opinion of it. */
import type { SimHost } from './sim-host.ts';

/** What must never happen did. The message names the instant and the hosts. */
export class Violation extends Error {
  override readonly name = 'Violation';
  readonly kind: 'double' | 'needless-fence' | 'false-alarm' | 'liveness';

  constructor(kind: 'double' | 'needless-fence' | 'false-alarm' | 'liveness', text: string) {
    super(text);
    this.kind = kind;
  }
}

/** No resource is active, or being started, on two hosts that have power. A frozen host still writes when it thaws. */
export function assertSingle(hosts: readonly SimHost[], at: number, why: string): void {
  const holders = new Map<string, string>();
  for (const host of hosts) {
    if (!host.powered) continue;
    for (const resource of host.resources) {
      if (!host.active.has(resource) && !host.starting(resource)) continue;
      const other = holders.get(resource);
      if (other !== undefined) {
        const text = `${resource} on ${other} and ${host.name} at ${Math.round(at)} ms: ${why}`;
        throw new Violation('double', text);
      }
      holders.set(resource, host.name);
    }
  }
}
