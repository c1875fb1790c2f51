// SPDX-License-Identifier: Apache-2.0
/** A simulated fence device: one power supply of one host, perhaps not of the host that it is said to be. */
import type { Random } from '../../kernel/random.ts';
import type { Schedule } from '../../sim/schedule.ts';
import type { PowerAction, PowerOutcome } from '../core/messages.ts';
import type { SimHost } from './sim-host.ts';

/**
 * drops: acknowledges off and does nothing. always-off: never says anything else. lies: does nothing
 * and says off from then on, for a host that answers. cached: tells the state of a while ago.
 * with-host: dies with its host's power.
 */
export type DeviceFault = 'drops' | 'always-off' | 'lies' | 'cached' | 'with-host';

const CACHE_MS = 20_000;

export class SimDevice {
  readonly name: string;
  /** The supply that it really switches. */
  target: { host: SimHost; supply: number };
  fault: DeviceFault | undefined;
  #lied = false;
  readonly #history: { at: number; on: boolean }[] = [];
  readonly #schedule: Schedule;

  constructor(name: string, target: { host: SimHost; supply: number }, schedule: Schedule) {
    this.name = name;
    this.target = target;
    this.#schedule = schedule;
  }

  /** One run of a fence program. `cancelled`: whether it was ended before it could do anything. */
  run(
    action: PowerAction,
    random: Random,
    trouble: 'silent' | 'fails' | undefined,
    cancelled: () => boolean,
    answer: (outcome: PowerOutcome) => void,
  ): void {
    const durationMs = random.between(50, 1_500);
    const { host, supply } = this.target;
    const unreachable = trouble === 'silent' || (this.fault === 'with-host' && !host.powered);
    if (unreachable) return this.#schedule.after(20_000, () => answer('unknown'));
    if (trouble === 'fails') return this.#schedule.after(durationMs, () => answer('failed'));
    this.#schedule.after(durationMs * 0.6, () => {
      if (cancelled() || action === 'status') return;
      this.#note();
      this.#switch(host, supply, action === 'on');
    });
    this.#schedule.after(durationMs, () => answer(action === 'status' ? this.#says() : 'done'));
  }

  /** As it should have been from the start. */
  repair(host: SimHost): void {
    this.fault = undefined;
    this.#lied = false;
    this.target = { host, supply: Number(this.name.split('psu')[1] ?? 0) };
    this.#history.length = 0;
  }

  #switch(host: SimHost, supply: number, on: boolean): void {
    if (this.fault === 'drops' || this.fault === 'always-off') return;
    if (this.fault === 'lies' && !on && host.kernelAnswers) {
      this.#lied = true;
      return;
    }
    host.setSupply(supply, on);
  }

  #says(): 'on' | 'off' {
    if (this.fault === 'always-off') return 'off';
    if (this.#lied && this.fault === 'lies') return 'off';
    this.#note();
    const { now } = this.#schedule;
    const asOf = this.fault === 'cached' ? now - CACHE_MS : now;
    let on = this.#history[0]?.on ?? true;
    for (const entry of this.#history) if (entry.at <= asOf) on = entry.on;
    return on ? 'on' : 'off';
  }

  /** Remembers the state as it is; called whenever the device looks. */
  #note(): void {
    const { host, supply } = this.target;
    const on = host.supplies[supply] === true;
    if (this.#history.at(-1)?.on !== on) this.#history.push({ at: this.#schedule.now, on });
  }
}
