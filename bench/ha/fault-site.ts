// SPDX-License-Identifier: Apache-2.0
/**
 * Two lab hosts at `heartbeat_timeout: 1s`, one of which is struck again and again. What the scripts
 * and the fence programs did is on record by wrappers around them (pacemaker/ocf/Dummy and
 * src/lab/bmc/fence_recorded), outside of what is measured.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { OrderRequest, Status } from '../../src/ha/contract.ts';
import { hostOf, WatchedTrial } from '../../src/trial/watched-trial.ts';
import { Installation } from './installation.ts';
import { ActLog, type Act } from './pacemaker/act-log.ts';
import { installDummy, MONITOR_SECONDS, parametersOf } from './pacemaker/stack.ts';

export const HEARTBEAT_TIMEOUT_MS = 1_000;

/** How a host dies for all who ask it. Its BMC has a cable and a cord of its own. */
export type Fault = 'frozen' | 'cut' | 'power-loss';

const FENCE = join(import.meta.dirname, '../../src/lab/bmc/fence_recorded');
const VICTIM = 'h1';
const PARTNER = 'h2';
const GROUP = 'g1';
const TAKEN_OVER_MS = 20_000;
const LOOK_EVERY_MS = 100;

export class FaultSite implements AsyncDisposable {
  readonly #watched: WatchedTrial;
  readonly #scripts: ActLog;
  readonly #fences: ActLog;
  readonly #stack: AsyncDisposableStack;

  private constructor(
    watched: WatchedTrial,
    scripts: ActLog,
    fences: ActLog,
    stack: AsyncDisposableStack,
  ) {
    this.#watched = watched;
    this.#scripts = scripts;
    this.#fences = fences;
    this.#stack = stack;
  }

  /** The victim has one group: a root, and so many dependents that start after it, side by side. */
  static async open(dependents: number): Promise<FaultSite> {
    await using stack = new AsyncDisposableStack();
    const folder = mkdtempSync(join(tmpdir(), 'aureole-bench-'));
    stack.defer(() => rmSync(folder, { recursive: true, force: true }));
    const installed = new Installation(folder);
    const more = Array.from({ length: dependents }, (_, i) => `${GROUP}-${i + 1}`);
    const scripts = new ActLog(join(folder, 'scripts.log'), [GROUP, ...more]);
    const fences = new ActLog(join(folder, 'fences.log'), []);
    const watched = await WatchedTrial.openWithoutManager({
      // Its name is also that of cgroups, which all labs share.
      directory: mkdtempSync(join(folder, 'lab-')),
      aureole: installed.commandOf('aureole'),
      agent: installed.commandOf('aureole-agent'),
      hosts: [VICTIM, PARTNER],
      groups: [{ name: GROUP, home: VICTIM, failover: [PARTNER] }],
      heartbeatTimeout: `${HEARTBEAT_TIMEOUT_MS}ms`,
      dependents,
      canaries: false,
      resource: (thing) => ({ kind: 'bench/Dummy', parameters: parametersOf(thing, scripts) }),
      device: (host, device) => ({
        ...device,
        agent: FENCE,
        parameters: { ...device.parameters, record_log: fences.path, record_host: host },
      }),
      ha: { monitor_interval: `${MONITOR_SECONDS}s` },
    });
    stack.use(watched);
    installDummy(watched.trial.cluster.lab);
    await watched.trial.manager.powerOn();
    await watched.untilAllRun();
    return new FaultSite(watched, scripts, fences, stack.move());
  }

  /** The instant just before it happens: what the act itself takes counts as detection. */
  async strike(fault: Fault): Promise<number> {
    // Anywhere between two beats.
    await sleep(Math.random() * HEARTBEAT_TIMEOUT_MS);
    const victim = this.#watched.trial.host(VICTIM);
    const at = performance.timeOrigin + performance.now();
    if (fault === 'frozen') await victim.freeze();
    else if (fault === 'cut') await victim.cutCable();
    else await victim.powerOff();
    return at;
  }

  /** What was done about it, once all that ran on the victim runs on its partner. */
  async takeover(sinceAt: number): Promise<Takeover> {
    const deadline = performance.now() + TAKEN_OVER_MS;
    while (this.#scripts.startsOn(PARTNER, sinceAt) === undefined) {
      if (performance.now() > deadline) {
        await this.#watched.until('the partner has taken over', () => false, 0);
      }
      await sleep(LOOK_EVERY_MS);
    }
    return {
      fence: this.#fences
        .acts()
        .filter(({ host, beganAt }) => host === VICTIM && beganAt > sinceAt),
      scripts: this.#scripts
        .acts()
        .filter(({ host, beganAt }) => host === PARTNER && beganAt > sinceAt),
    };
  }

  /** The victim lives again, and everything is where it was before. */
  async restore(): Promise<void> {
    const { trial } = this.#watched;
    await this.#watched.untilRuns(GROUP, PARTNER);
    await trial.host(VICTIM).mendCable();
    await trial.host(VICTIM).powerOn();
    await this.#untilVictim('answers', (host) => host.status === 'online');
    await this.#order('reset', VICTIM);
    await this.#order('failback', GROUP);
    await this.#watched.untilRuns(GROUP, VICTIM);
    await this.#untilVictim('can be fenced', ({ armed, devices }) => {
      return armed && devices.every(({ trust, power }) => trust === 'proven' && power === 'on');
    });
    if (trial.complaints.length > 0) throw new Error(trial.complaints.join('\n'));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }

  async #untilVictim(
    what: string,
    holds: (host: Status['hosts'][number]) => boolean,
  ): Promise<void> {
    await this.#watched.until(`${VICTIM} ${what}`, (status) => holds(hostOf(status, VICTIM)));
  }

  async #order(verb: OrderRequest['verb'], target: string): Promise<void> {
    const { outcome, text } = await this.#watched.order(verb, target);
    if (outcome !== 'done' && outcome !== 'accepted') {
      throw new Error(`${verb} ${target}: ${outcome}: ${text}`);
    }
  }
}

/** All that has ended since the fault, in the order of the ends. */
export type Takeover = {
  /** Calls of the victim's fence program. */
  readonly fence: readonly Act[];
  /** Scripts on the partner. */
  readonly scripts: readonly Act[];
};
