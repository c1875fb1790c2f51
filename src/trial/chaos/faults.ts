// SPDX-License-Identifier: Apache-2.0
/**
 * What may befall a cluster in a storm, how often, and for how long.
 *
 * Left out is what ADR 1 assumes, since no manager could find it out: a fence device that lies about a
 * host which nobody hears (so a liar's host stays within earshot for the whole storm, and so does
 * the manager), and a device that is wired to another host than its own. The latter, and what takes
 * minutes, have tests of their own in test/system/faults.
 */

export type FaultKind = {
  /** `resource`: one of its scripts. */
  readonly on: 'host' | 'resource' | 'manager';
  readonly weight: number;
  readonly lastsMs: readonly [min: number, max: number];
  /** The host, or with the manager all of them, may go unheard. */
  readonly silences?: true;
};

export const FAULTS = {
  cut: { on: 'host', weight: 4, lastsMs: [500, 15_000], silences: true },
  freeze: { on: 'host', weight: 4, lastsMs: [500, 15_000], silences: true },
  mute: { on: 'host', weight: 2, lastsMs: [1_000, 12_000], silences: true },
  deaf: { on: 'host', weight: 2, lastsMs: [1_000, 12_000], silences: true },
  lossy: { on: 'host', weight: 2, lastsMs: [2_000, 12_000], silences: true },
  managerPath: { on: 'host', weight: 2, lastsMs: [1_000, 12_000], silences: true },
  apart: { on: 'host', weight: 1, lastsMs: [1_000, 12_000] },
  powerCut: { on: 'host', weight: 3, lastsMs: [100, 12_000], silences: true },
  agentKill: { on: 'host', weight: 4, lastsMs: [50, 10_000] },
  agentStop: { on: 'host', weight: 2, lastsMs: [500, 10_000], silences: true },
  resourceDies: { on: 'resource', weight: 3, lastsMs: [0, 0] },
  bmcSilent: { on: 'host', weight: 3, lastsMs: [1_000, 15_000] },
  bmcPassword: { on: 'host', weight: 1, lastsMs: [2_000, 15_000] },
  bmcStuck: { on: 'host', weight: 2, lastsMs: [2_000, 15_000] },
  bmcCaches: { on: 'host', weight: 2, lastsMs: [2_000, 15_000] },
  bmcLies: { on: 'host', weight: 3, lastsMs: [5_000, 20_000] },
  startFails: { on: 'resource', weight: 2, lastsMs: [2_000, 15_000] },
  startHangs: { on: 'resource', weight: 2, lastsMs: [2_000, 15_000] },
  stopFails: { on: 'resource', weight: 1, lastsMs: [2_000, 15_000] },
  stopHangs: { on: 'resource', weight: 1, lastsMs: [2_000, 15_000] },
  monitorFails: { on: 'resource', weight: 2, lastsMs: [2_000, 10_000] },
  scriptSlow: { on: 'resource', weight: 2, lastsMs: [2_000, 15_000] },
  scriptLate: { on: 'resource', weight: 2, lastsMs: [2_000, 15_000] },
  scriptStuck: { on: 'resource', weight: 2, lastsMs: [2_000, 15_000] },
  scriptBabbles: { on: 'resource', weight: 2, lastsMs: [2_000, 15_000] },
  managerKill: { on: 'manager', weight: 4, lastsMs: [50, 6_000] },
  managerStop: { on: 'manager', weight: 3, lastsMs: [2_000, 20_000] },
  managerCut: { on: 'manager', weight: 2, lastsMs: [1_000, 10_000], silences: true },
  managerIsolated: { on: 'manager', weight: 2, lastsMs: [1_000, 10_000], silences: true },
  journalFull: { on: 'manager', weight: 2, lastsMs: [2_000, 12_000] },
  managerPowerCut: { on: 'manager', weight: 1, lastsMs: [500, 6_000] },
} as const satisfies Readonly<Record<string, FaultKind>>;

export type FaultName = keyof typeof FAULTS;

export function isFaultName(name: string): name is FaultName {
  return Object.hasOwn(FAULTS, name);
}

export const FAULT_NAMES: readonly FaultName[] = Object.keys(FAULTS).filter(isFaultName);

export function kindOf(fault: FaultName): FaultKind {
  return FAULTS[fault];
}

/** What sets the manager back to an empty memory. */
export const ENDS_THE_MANAGER: ReadonlySet<FaultName> = new Set(['managerKill', 'managerPowerCut']);

/** The cgroup below the host's in which scripts freeze, where hosts have one. */
export const STUCK = 'stuck';

/** Shell that a resource's script plays before each act ($action). */
export const SCRIPT_FAULTS: Readonly<Partial<Record<FaultName, string>>> = {
  startFails: '[ "$action" != start ] || exit 1',
  startHangs: '[ "$action" != start ] || sleep 300',
  stopFails: '[ "$action" != stop ] || exit 1',
  stopHangs: '[ "$action" != stop ] || sleep 300',
  monitorFails: '[ "$action" != monitor ] || exit 1',
  scriptSlow: 'sleep 2',
  // Deaf to SIGTERM, and done after its time-out if nobody insists.
  scriptLate: '[ "$action" = monitor ] || { trap "" TERM; sleep 7; }',
  // As in state D: no signal ends it. See STUCK.
  scriptStuck: `[ "$action" = monitor ] || {
    cgroup=$(cat "$faults/../hosts/$host/freezer")/${STUCK}
    mkdir -p "$cgroup"
    echo $$ >"$cgroup/cgroup.procs"
    if [ -e "$cgroup/freezer.state" ]; then echo FROZEN >"$cgroup/freezer.state"
    else echo 1 >"$cgroup/cgroup.freeze"; fi
  }`,
  scriptBabbles: "head -c 4000000 /dev/zero | tr '\\0' x; head -c 4000000 /dev/zero >&2",
};
