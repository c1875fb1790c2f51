// SPDX-License-Identifier: Apache-2.0
/**
 * A simulated host: power supplies, boots, /run, an agent, and scripts as processes that may hang,
 * finish late, or survive their agent. What is active on it is a fact, whatever anybody believes.
 */
import type { Random } from '../../kernel/random.ts';
import type { Schedule } from '../../sim/schedule.ts';
import type { Operation, OperationOutcome } from '../core/messages.ts';
import type { BeatAnswer } from '../core/poll-cursor.ts';
import { emptyRun, type Conduct, type Script, type SimEpoch, type Watched } from './sim-script.ts';

type Agent = {
  readonly incarnation: string;
  cursor: number;
  watching: boolean;
  readonly watched: Map<string, Watched>;
  answerPoll?: () => void;
};

export type HostPorts = {
  readonly schedule: Schedule;
  readonly random: Random;
  readonly conduct: (operation: Operation, resource: string) => Conduct;
  /** A resource became active or a start began: the checker looks. */
  readonly look: (why: string) => void;
  readonly monitorFails: () => boolean;
};

export const OPERATION_TIMEOUT_MS = 20_000;
const MONITOR_INTERVAL_MS = 5_000;
const NOTHING_ALIVE: readonly Operation[] = [];

export class SimHost {
  readonly name: string;
  readonly supplies: boolean[];
  readonly resources: readonly string[];
  readonly active = new Set<string>();
  readonly #ports: HostPorts;
  boot = '';
  frozen = false;
  agent: Agent | undefined;
  /** What its agent answers cannot be understood: its certificate has ended, say. */
  isStrange = false;
  /** Since when nothing was wrong with it: powered, not frozen, its agent running. */
  wellSince = 0;
  boots = 0;
  #incarnations = 0;
  #scripts = new Set<Script>();
  #run = emptyRun();
  #deferred: (() => void)[] = [];
  /** When a start or stop of a resource began last: it ends a monitor that is running. */
  readonly #touchedAt = new Map<string, number>();

  constructor(name: string, supplies: number, resources: readonly string[], ports: HostPorts) {
    this.name = name;
    this.supplies = Array.from({ length: supplies }, () => false);
    this.resources = resources;
    this.#ports = ports;
  }

  get powered(): boolean {
    return this.supplies.includes(true);
  }

  get kernelAnswers(): boolean {
    return this.powered && this.boot !== '' && !this.frozen;
  }

  starting(resource: string): boolean {
    return [...this.#scripts].some((one) => one.resource === resource && one.operation === 'start');
  }

  busy(resource: string): boolean {
    return this.#alive(resource).some((operation) => operation !== 'monitor');
  }

  /** An operator makes the agent obey this journal, whatever number it has seen. */
  forgetEpoch(journal: string): void {
    this.#run.epoch = { journal, number: 0 };
  }

  setSupply(index: number, on: boolean): void {
    const before = this.powered;
    this.supplies[index] = on;
    if (before && !this.powered) this.#die();
    if (!before && this.powered) this.#bootUp();
  }

  freeze(): void {
    this.frozen = true;
  }

  thaw(): void {
    if (!this.frozen) return;
    this.frozen = false;
    this.wellSince = this.#ports.schedule.now;
    const deferred = this.#deferred;
    this.#deferred = [];
    for (const act of deferred) act();
  }

  /** Its scripts go on: they have outlived agents before. */
  killAgent(): void {
    this.agent = undefined;
    for (const script of this.#scripts) script.orphan = true;
    for (const recorded of this.#run.requests.values()) recorded.waiting.length = 0;
  }

  /** A new run of the agent ends what its predecessor left, as far as it can, before it answers. */
  startAgent(): void {
    if (!this.kernelAnswers || this.agent !== undefined) return;
    this.wellSince = this.#ports.schedule.now;
    this.#incarnations++;
    const incarnation = `${this.name}-agent${this.#incarnations}`;
    this.agent = { incarnation, cursor: 1, watching: false, watched: new Map() };
    for (const script of [...this.#scripts])
      this.#end(script, { type: 'lost', text: 'the agent was restarted' });
    for (const recorded of this.#run.requests.values()) {
      recorded.outcome ??= { type: 'lost', text: 'the agent was restarted' };
    }
  }

  /** Why the agent refuses this manager; undefined: it obeys. */
  refusal(epoch: SimEpoch): 'superseded' | 'other-journal' | undefined {
    const known = this.#run.epoch;
    if (known !== undefined && known.journal !== epoch.journal) return 'other-journal';
    if (known !== undefined && known.number > epoch.number) return 'superseded';
    if (known?.number !== epoch.number) this.#run.newest.clear();
    this.#run.epoch = epoch;
    return undefined;
  }

  watch(): void {
    const { agent } = this;
    if (agent === undefined || agent.watching) return;
    agent.watching = true;
    for (const resource of this.resources) agent.watched.set(resource, {});
    this.#sweep(agent);
  }

  /** Held until something is newer than the cursor or the time is over; the newest poll wins. */
  poll(cursor: number, waitMs: number, answer: (beat: BeatAnswer) => void): void {
    const { agent } = this;
    if (agent === undefined) return;
    agent.answerPoll?.();
    let open = true;
    const reply = (): void => {
      if (!open || this.agent !== agent) return;
      open = false;
      answer(this.#beat(agent));
    };
    agent.answerPoll = reply;
    if (agent.cursor > cursor) reply();
    else this.#later(waitMs, reply);
  }

  operate(
    order: Readonly<{
      boot: string;
      request: string;
      sequence: number;
      operation: Operation;
      resource: string;
    }>,
    answer: (outcome: OperationOutcome, boot: string, incarnation: string) => void,
  ): void {
    const { agent } = this;
    if (agent === undefined) return;
    const { incarnation } = agent;
    const say = (outcome: OperationOutcome): void => answer(outcome, this.boot, incarnation);
    if (order.boot !== this.boot)
      return say({ type: 'not-run', text: 'the order was for another boot' });
    const recorded = this.#run.requests.get(order.request);
    if (recorded?.outcome !== undefined) return say(recorded.outcome);
    if (recorded !== undefined) {
      recorded.waiting.push(say);
      return;
    }
    this.#run.requests.set(order.request, { waiting: [say] });
    if (order.sequence < (this.#run.newest.get(order.resource) ?? 0)) {
      return this.#record(order.request, { type: 'not-run', text: 'overtaken by a newer order' });
    }
    this.#run.newest.set(order.resource, order.sequence);
    const obstacle = this.#makeWay(order.operation, order.resource);
    if (obstacle !== undefined)
      return this.#record(order.request, { type: 'not-run', text: obstacle });
    this.#begin(order.operation, order.resource, order.request);
  }

  #makeWay(operation: Operation, resource: string): string | undefined {
    for (const script of [...this.#scripts]) {
      if (script.resource !== resource) continue;
      if (script.operation !== 'monitor') return `a ${script.operation} of it is alive`;
      if (operation !== 'monitor') this.#end(script, { type: 'cancelled' });
    }
    return undefined;
  }

  #begin(operation: Operation, resource: string, request: string): void {
    const conduct = this.#ports.conduct(operation, resource);
    const { now } = this.#ports.schedule;
    const saw = this.active.has(resource);
    const script: Script = {
      resource,
      operation,
      request,
      conduct,
      begunAt: now,
      saw,
      orphan: false,
      over: false,
    };
    this.#scripts.add(script);
    if (operation !== 'monitor') this.#touchedAt.set(resource, now);
    if (operation === 'start') this.#ports.look(`start of ${resource} begins on ${this.name}`);
    if (operation !== 'monitor' && this.agent !== undefined) this.#changed(this.agent);
    if (conduct.effectShare !== undefined) {
      this.#later(conduct.durationMs * conduct.effectShare, () => this.#take(script));
    }
    if (!conduct.hangs) this.#later(conduct.durationMs, () => this.#finish(script));
    this.#later(OPERATION_TIMEOUT_MS, () => this.#timeOut(script));
  }

  /** The effect of a script comes true. */
  #take(script: Script): void {
    if (script.over) return;
    const { resource, operation } = script;
    if (operation === 'start' && !this.active.has(resource)) {
      this.active.add(resource);
      this.#ports.look(`${resource} becomes active on ${this.name}`);
    }
    if (operation === 'stop') this.active.delete(resource);
  }

  #finish(script: Script): void {
    if (script.over) return;
    script.over = true;
    this.#scripts.delete(script);
    const seen = script.saw ? 0 : 7;
    const code =
      script.operation === 'monitor' && script.conduct.exit === 0 ? seen : script.conduct.exit;
    if (!script.orphan)
      this.#record(script.request, { type: 'exited', code, text: code === 1 ? 'it failed' : '' });
    else if (this.agent !== undefined) this.#changed(this.agent);
  }

  #timeOut(script: Script): void {
    if (script.over || script.orphan || this.agent === undefined) return;
    const { unkillable } = script.conduct;
    const outcome = { type: 'timed-out', alive: unkillable, text: '' } as const;
    if (unkillable) {
      script.orphan = true;
      this.#record(script.request, outcome);
    } else this.#end(script, outcome);
  }

  /** Killed, if it can be: its effect may have come or not. */
  #end(script: Script, outcome: OperationOutcome): void {
    if (script.conduct.unkillable) {
      script.orphan = true;
      return;
    }
    if (script.operation !== 'monitor' && this.#ports.random.chance(0.3)) this.#take(script);
    script.over = true;
    this.#scripts.delete(script);
    this.#record(script.request, outcome);
  }

  #record(request: string, outcome: OperationOutcome): void {
    const recorded = this.#run.requests.get(request);
    if (recorded === undefined || recorded.outcome !== undefined) return;
    recorded.outcome = outcome;
    if (this.agent === undefined) return;
    for (const say of recorded.waiting.splice(0)) say(outcome);
    this.#changed(this.agent);
  }

  #sweep(agent: Agent): void {
    if (this.agent !== agent) return;
    const { schedule, random } = this.#ports;
    const begunAt = schedule.now;
    const saw = new Map<string, number>();
    for (const resource of this.resources) {
      // What an earlier agent left does not keep this one from looking: it has to be told apart.
      if (this.#isOperating(resource)) continue;
      const exit = this.#ports.monitorFails() ? 1 : this.active.has(resource) ? 0 : 7;
      saw.set(resource, exit);
    }
    this.#later(random.between(5, 400), () => {
      if (this.agent !== agent) return;
      for (const [resource, exit] of saw) {
        // A start or stop has ended the monitor before it could say anything.
        if (this.#touchedSince(resource, begunAt)) continue;
        const before = agent.watched.get(resource);
        agent.watched.set(resource, { exit, begunAt });
        if (before?.exit !== exit) this.#changed(agent);
      }
    });
    this.#later(MONITOR_INTERVAL_MS, () => this.#sweep(agent));
  }

  #touchedSince(resource: string, at: number): boolean {
    return (this.#touchedAt.get(resource) ?? -1) >= at;
  }

  #isOperating(resource: string): boolean {
    for (const { resource: other, orphan, operation } of this.#scripts)
      if (other === resource && !orphan && operation !== 'monitor') return true;
    return false;
  }

  #changed(agent: Agent): void {
    agent.cursor++;
    agent.answerPoll?.();
  }

  #alive(resource: string): readonly Operation[] {
    if (this.#scripts.size === 0) return NOTHING_ALIVE;
    const alive: Operation[] = [];
    for (const script of this.#scripts)
      if (script.resource === resource) alive.push(script.operation);
    return alive;
  }

  #beat(agent: Agent): BeatAnswer {
    const { now } = this.#ports.schedule;
    const resources = [...agent.watched].map(([resource, { exit, begunAt }]) => ({
      resource,
      alive: this.#alive(resource),
      exit,
      begunMsAgo: begunAt === undefined ? undefined : now - begunAt,
    }));
    return { boot: this.boot, incarnation: agent.incarnation, cursor: agent.cursor, resources };
  }

  /** In this boot only, and not while the host is frozen. */
  #later(delayMs: number, act: () => void): void {
    const { boot } = this;
    const run = (): void => {
      if (this.boot !== boot || !this.powered) return;
      if (this.frozen) this.#deferred.push(run);
      else act();
    };
    this.#ports.schedule.after(delayMs, run);
  }

  #die(): void {
    this.boot = '';
    this.frozen = false;
    this.agent = undefined;
    this.active.clear();
    this.#scripts.clear();
    this.#deferred = [];
    this.#run = emptyRun();
  }

  #bootUp(): void {
    this.boots++;
    const boot = `${this.name}-boot${this.boots}`;
    this.#ports.schedule.after(this.#ports.random.between(1_000, 40_000), () => {
      if (!this.powered || this.boot !== '') return;
      this.boot = boot;
      this.startAgent();
    });
  }
}
