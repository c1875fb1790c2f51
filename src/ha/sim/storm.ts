// SPDX-License-Identifier: Apache-2.0
/**
 * One schedule: a cluster, a storm of faults drawn from a seed, then calm. In the storm nothing may
 * run twice and no healthy host be fenced without an order; after it, with an operator who does what
 * the manager asks of him, every group must run.
 */
import { Random } from '../../kernel/random.ts';
import { Swarm } from '../../sim/swarm.ts';
import { Bystander } from './bystander.ts';
import { Violation } from './checker.ts';
import { drawShape, type Size } from './cluster-shapes.ts';
import { FAULTS, type FaultName } from './faults.ts';
import { Operators } from './operators.ts';
import type { Conduct } from './sim-script.ts';
import { Strikes } from './strikes.ts';
import { World, type Fate } from './world.ts';

export const STORM_MS = 600_000;
const CALM_MS = 600_000;
const MOMENT_MS = 5_000;
const HELP_MS = 20_000;

export class Storm {
  readonly world: World;
  readonly faults: Swarm<FaultName>;
  readonly bystander: Bystander;
  readonly #random: Random;
  readonly #strikes: Strikes;
  readonly #operators: Operators;

  /** `always`: faults that this schedule must have. */
  constructor(seed: number, always: readonly FaultName[] = [], size?: Size) {
    this.#random = new Random(seed);
    const presence = 0.1 + 0.5 * this.#random.fork('presence').next();
    this.faults = new Swarm(this.#random.fork('swarm'), FAULTS, presence, always);
    const shape = drawShape(this.#random.fork('shape'), size);
    this.world = new World(shape, this.#random.fork('world'), this.#fate());
    this.bystander = new Bystander(this.world, this.faults);
    this.#strikes = new Strikes(this.world, this.faults, this.bystander);
    this.#operators = new Operators(this.world, this.faults, this.bystander);
    for (const host of this.world.all) this.world.powerOn(host.name);
    this.world.manager.start();
    this.#moment();
  }

  /** Throws a Violation when what must not happen does, or what must does not. */
  run(): void {
    this.world.schedule.runUntil(STORM_MS);
    this.#strikes.mend();
    for (let at = STORM_MS + HELP_MS; at <= STORM_MS + CALM_MS; at += HELP_MS) {
      this.#operators.help();
      this.world.schedule.runUntil(at);
      if (this.#isCalm() && at > STORM_MS + 6 * HELP_MS) return;
    }
    const complaints = this.world.unsettled();
    if (complaints.length > 0) throw new Violation('liveness', complaints.join('; '));
  }

  #moment(): void {
    this.world.schedule.after(MOMENT_MS, () => {
      if (!this.faults.on) return;
      this.#strikes.strike();
      this.#operators.meddle();
      this.#moment();
    });
  }

  #isCalm(): boolean {
    const { state } = this.world.manager;
    if (state === undefined || this.world.unsettled().length > 0) return false;
    return [...state.hosts.values()].every(
      (host) => host.fence === undefined && host.off === undefined,
    );
  }

  #fate(): Fate {
    const { faults } = this;
    return {
      conduct: (operation) => this.#conduct(operation === 'monitor'),
      monitorFails: () => faults.strikes('monitorFails'),
      delayed: () => (faults.strikes('delay') ? faults.stream('delay').between(100, 2_000) : 0),
      late: () =>
        faults.strikes('late') ? faults.stream('late').between(1_000, 60_000) : undefined,
      commitMs: () =>
        faults.strikes('slowDisk') ? faults.stream('slowDisk').between(500, 15_000) : 1,
      crashes: () => faults.strikes('crashInStep'),
      device: () => {
        if (faults.strikes('deviceSilent')) return 'silent';
        return faults.strikes('deviceFails') ? 'fails' : undefined;
      },
      downMs: () => this.#random.fork(`down ${this.world.schedule.now}`).between(500, 20_000),
    };
  }

  #conduct(isMonitor: boolean): Conduct {
    const { faults } = this;
    const random = faults.stream('scriptSlow');
    if (isMonitor) {
      const durationMs = random.between(5, faults.strikes('scriptSlow') ? 3_000 : 100);
      return {
        durationMs,
        exit: faults.strikes('monitorFails') ? 1 : 0,
        hangs: false,
        unkillable: false,
      };
    }
    const slow = faults.strikes('scriptSlow');
    const fails = faults.strikes('scriptFails');
    const unkillable = faults.strikes('scriptUnkillable');
    const durationMs = unkillable
      ? random.between(5_000, 120_000)
      : random.between(50, slow ? 25_000 : 2_000);
    const comes = !fails || random.chance(0.5);
    return {
      durationMs,
      exit: fails ? 1 : 0,
      ...(comes ? { effectShare: random.next() } : {}),
      hangs: faults.strikes('scriptHangs') && !unkillable,
      unkillable,
    };
  }
}
