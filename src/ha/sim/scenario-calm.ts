// SPDX-License-Identifier: Apache-2.0
/**
 * Chance for scenarios: there is none. All that a storm draws is its middle value here, and what goes
 * wrong is what the text says. So a change of the core changes only the outcomes that it is about.
 */
import { Random } from '../../kernel/random.ts';
import type { Operation } from '../core/messages.ts';
import type { Conduct } from './sim-script.ts';
import type { Fate } from './world.ts';

const START_OR_STOP_MS = 1_000;
const MONITOR_MS = 100;
const COMMIT_MS = 1;

/**
 * A boot takes 20 s, a fence device 0.8 s, a message 1 ms; a script that is killed has done nothing. It inherits since
 * the simulated world takes a Random, and nothing else is one.
 */
export class Calm extends Random {
  override fork(): Random {
    return this;
  }

  override next(): number {
    return 0.5;
  }
}

export type Misconduct = Readonly<{ conduct: Partial<Conduct>; times: number }>;

/** A point in the step in which the manager writes this fact into its journal. */
export type DeathPoint = Readonly<{ fact: string; point: 'after-save' | 'between-commands' }>;

/** What a text has said of things that go wrong. */
export class Misfortune {
  readonly #scripts = new Map<string, Misconduct>();
  /** How much later a lost message comes after all. */
  lateMs: number | undefined;
  devices: 'silent' | 'fails' | undefined;
  death: DeathPoint | undefined;
  /** That step has been made; what is missing is the point in it. */
  #deathIsDue = false;

  misbehave(operation: Operation, resource: string, host: string, how: Misconduct): void {
    this.#scripts.set(`${operation} ${resource} ${host}`, how);
  }

  noteFact(name: string): void {
    if (name === this.death?.fact) this.#deathIsDue = true;
  }

  takeConduct(operation: Operation, resource: string, host: string): Partial<Conduct> {
    const key = `${operation} ${resource} ${host}`;
    const wrong = this.#scripts.get(key);
    if (wrong === undefined) return {};
    if (wrong.times <= 1) this.#scripts.delete(key);
    else this.#scripts.set(key, { ...wrong, times: wrong.times - 1 });
    return wrong.conduct;
  }

  takeDeath(point: string): boolean {
    if (!this.#deathIsDue || point !== this.death?.point) return false;
    this.death = undefined;
    this.#deathIsDue = false;
    return true;
  }
}

export function calmFate(misfortune: Misfortune): Fate {
  return {
    conduct: (operation, resource, host) => ({
      durationMs: operation === 'monitor' ? MONITOR_MS : START_OR_STOP_MS,
      exit: 0,
      effectShare: 0.5,
      hangs: false,
      unkillable: false,
      ...misfortune.takeConduct(operation, resource, host),
    }),
    crashes: (point) => misfortune.takeDeath(point),
    device: () => misfortune.devices,
    commitMs: () => COMMIT_MS,
    monitorFails: () => false,
    delayed: () => 0,
    late: () => misfortune.lateMs,
    downMs: () => undefined,
  };
}
