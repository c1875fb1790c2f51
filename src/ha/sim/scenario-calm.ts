// SPDX-License-Identifier: Apache-2.0
/**
 * Chance for scenarios: there is none. All that a storm draws is its middle value here, and what goes
 * wrong is what the text says. So a change of the core changes only the outcomes that it is about.
 */
import { Random } from '../../kernel/random.ts';
import type { Operation } from '../core/messages.ts';
import type { Conduct } from './sim-host.ts';
import type { Fate } from './world.ts';

const START_OR_STOP_MS = 1_000;
const MONITOR_MS = 100;
const COMMIT_MS = 1;

/** A boot takes 20 s, a fence device 0.8 s, a message 1 ms; a script that is killed has done nothing. */
export class Calm extends Random {
  override fork(): Random {
    return this;
  }

  override next(): number {
    return 0.5;
  }
}

/** What goes wrong with scripts that begin from now on. */
export type Misconduct = Readonly<{ conduct: Partial<Conduct>; times: number }>;

/** A point in the manager's next step that says a certain thing to the journal. */
export type DeathPoint = Readonly<{ fact: string; point: 'after-save' | 'between-commands' }>;

export class ScriptedFate implements Fate {
  readonly #misconduct = new Map<string, Misconduct>();
  devices: 'silent' | 'fails' | undefined;
  death: DeathPoint | undefined;
  /** The step with that fact has been made: the next such point is the one. */
  #deathIsDue = false;

  misbehave(operation: Operation, resource: string, host: string, how: Misconduct): void {
    this.#misconduct.set(`${operation} ${resource} ${host}`, how);
  }

  noteFact(name: string): void {
    if (name === this.death?.fact) this.#deathIsDue = true;
  }

  conduct(operation: Operation, resource: string, host: string): Conduct {
    const key = `${operation} ${resource} ${host}`;
    const wrong = this.#misconduct.get(key);
    if (wrong !== undefined && wrong.times <= 1) this.#misconduct.delete(key);
    else if (wrong !== undefined) this.#misconduct.set(key, { ...wrong, times: wrong.times - 1 });
    const well: Conduct = {
      durationMs: operation === 'monitor' ? MONITOR_MS : START_OR_STOP_MS,
      exit: 0,
      effectShare: 0.5,
      hangs: false,
      unkillable: false,
    };
    return { ...well, ...wrong?.conduct };
  }

  crashes(point: string): boolean {
    if (!this.#deathIsDue || point !== this.death?.point) return false;
    this.death = undefined;
    this.#deathIsDue = false;
    return true;
  }

  device(): 'silent' | 'fails' | undefined {
    return this.devices;
  }

  commitMs(): number {
    return COMMIT_MS;
  }

  monitorFails(): boolean {
    return false;
  }

  delayed(): number {
    return 0;
  }

  late(): undefined {
    return undefined;
  }

  downMs(): undefined {
    return undefined;
  }
}
