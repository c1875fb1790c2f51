// SPDX-License-Identifier: Apache-2.0
/** Plays storm after storm, and says of each that fails what happened and how to see it again. */
import { performance } from 'node:perf_hooks';
import type { FaultName } from '../../src/ha/sim/faults.ts';
import { Storm } from '../../src/ha/sim/storm.ts';
import { Violation } from '../../src/ha/sim/checker.ts';
import { messageOf } from '../../src/kernel/error.ts';

export type Storms = {
  readonly first: number;
  readonly count: number;
  /** On the clock of `performance`; no storm begins after it. */
  readonly untilMs: number;
  readonly always: readonly FaultName[];
  readonly trace: boolean;
};

/** 127: the core crashed. 128: a group did not run in the end. 129: it was not safe, or a false alarm. */
export type StormsEnd = {
  readonly schedules: number;
  readonly perSecond: number;
  readonly failed: number;
  readonly status: 0 | 127 | 128 | 129;
};

export function playStorms({ first, count, untilMs, always, trace }: Storms): StormsEnd {
  const begun = performance.now();
  let status: StormsEnd['status'] = 0;
  let failed = 0;
  let schedules = 0;
  for (let seed = first; seed < first + count && performance.now() < untilMs; seed++) {
    schedules++;
    const storm = new Storm(seed, always);
    if (trace) tell(storm);
    try {
      storm.run();
    } catch (error) {
      failed++;
      status = Math.max(status, statusOf(error)) === 129 ? 129 : statusOf(error);
      console.log(`seed ${seed}: ${messageOf(error)}`);
      if (!(error instanceof Violation) && error instanceof Error) console.log(error.stack);
      const with_ = always.length > 0 ? ` --always ${always.join(',')}` : '';
      console.log(`  npm run sim -- --seed ${seed} --count 1${with_} --trace`);
    }
  }
  const perSecond = schedules / ((performance.now() - begun) / 1_000);
  return { schedules, perSecond, failed, status };
}

function statusOf(error: unknown): 127 | 128 | 129 {
  if (!(error instanceof Violation)) return 127;
  return error.kind === 'liveness' ? 128 : 129;
}

function tell(storm: Storm): void {
  const present = [...storm.faults.odds].filter(([, odds]) => odds > 0);
  console.log(`faults: ${present.map(([name, odds]) => `${name} ${odds.toFixed(3)}`).join(', ')}`);
  for (const group of storm.world.spec.groups.values()) {
    const hosts = [group.homeHost, ...group.failoverHosts].join(' ');
    console.log(
      `group ${group.name}: ${hosts}; ${group.resources.map(({ name }) => name).join(' ')}`,
    );
  }
  storm.world.onStep = (cause, reason, at) => {
    if (reason !== 'nothing new') console.log(`${(at / 1_000).toFixed(3)} [${cause}] ${reason}`);
  };
}
