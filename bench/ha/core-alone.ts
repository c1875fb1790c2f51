// SPDX-License-Identifier: Apache-2.0
/**
 * The core by itself in a world in which everybody answers within a millisecond: hosts that beat, scripts
 * that succeed, fence devices that obey. It plays the part of everything around the core, and times it.
 */
import { performance } from 'node:perf_hooks';
import { haMachine, type HaMachine } from '../../src/ha/core/cluster-machine.ts';
import type { HaCommand, HaEvent, Observation } from '../../src/ha/core/messages.ts';
import { listOf, type ClusterSpec, type GroupSpec, type HostSpec } from '../../src/ha/core/spec.ts';
import type { ClusterState } from '../../src/ha/core/state.ts';
import type { Tick } from '../../src/kernel/machine.ts';
import { Schedule } from '../../src/sim/schedule.ts';

const ANSWER_MS = 1;

export class CoreAlone {
  readonly spec: ClusterSpec;
  readonly schedule = new Schedule();
  /** Called with each step and how long it took; the look for the next deadline included. */
  onStep: (ms: number, what: string) => void = () => {};
  readonly #machine: HaMachine;
  #state: ClusterState;
  #tickAt = Infinity;
  readonly #running = new Map<string, Set<string>>();
  readonly #frozen = new Set<string>();
  readonly #off = new Set<string>();
  readonly #watched = new Map<string, string[]>();

  constructor(spec: ClusterSpec) {
    this.spec = spec;
    for (const name of spec.hosts.keys()) {
      this.#running.set(name, new Set());
      this.#watched.set(name, []);
    }
    for (const group of spec.groups.values())
      for (const host of listOf(group))
        this.#watched.get(host)?.push(...group.resources.map(({ name }) => name));
    this.#machine = haMachine(spec, 1);
    const { state, commands } = this.#machine.restore(new Map(), 0);
    this.#state = state;
    for (const command of commands) this.#obey(command);
    this.#arm();
    const beatMs = spec.heartbeatTimeoutMs / 4;
    let index = 0;
    for (const host of spec.hosts.keys())
      this.schedule.after((beatMs * index++) / spec.hosts.size, () => this.#beatOn(host));
  }

  get state(): ClusterState {
    return this.#state;
  }

  /** It answers nothing from here on, and has power until its fence device cuts it. */
  freeze(host: string): void {
    this.#frozen.add(host);
  }

  runsOn(host: string): number {
    return this.#running.get(host)?.size ?? 0;
  }

  #beatOn(host: string): void {
    this.#beat(host);
    this.schedule.after(this.spec.heartbeatTimeoutMs / 4, () => this.#beatOn(host));
  }

  #beat(host: string): void {
    if (this.#frozen.has(host)) return;
    const running = this.#running.get(host);
    const askedAt = this.schedule.now;
    const observations = (this.#watched.get(host) ?? []).map((resource): Observation => ({
      resource,
      exit: running?.has(resource) === true ? 0 : 7,
      askedAt,
      alive: [],
    }));
    const boot = `boot of ${host}`;
    this.schedule.after(ANSWER_MS, () => {
      this.#step({ type: 'beat', host, askedAt, boot, incarnation: 'agent', observations });
    });
  }

  #step(event: HaEvent | Tick): void {
    const { now } = this.schedule;
    const begunAt = performance.now();
    const step = this.#machine.step(this.#state, event, now);
    this.#machine.deadline(step.state);
    const ms = performance.now() - begunAt;
    this.#state = step.state;
    this.onStep(ms, event.type);
    for (const command of step.commands) this.#obey(command);
    this.#arm();
  }

  #arm(): void {
    const at = this.#machine.deadline(this.#state) ?? Infinity;
    if (at >= this.#tickAt) return;
    this.#tickAt = at;
    this.schedule.after(Math.max(0, at - this.schedule.now), () => {
      this.#tickAt = Infinity;
      const due = this.#machine.deadline(this.#state) ?? Infinity;
      if (this.schedule.now >= due) this.#step({ type: 'tick' });
      else this.#arm();
    });
  }

  #obey(command: HaCommand): void {
    const answer = (event: HaEvent): void =>
      this.schedule.after(ANSWER_MS, () => this.#step(event));
    switch (command.type) {
      case 'operate': {
        const { host, request, boot, operation, resource } = command;
        if (this.#frozen.has(host)) return;
        const running = this.#running.get(host) ?? new Set();
        if (operation === 'start') running.add(resource);
        if (operation === 'stop') running.delete(resource);
        const code = operation !== 'monitor' || running.has(resource) ? 0 : 7;
        const outcome = { type: 'exited', code, text: '' } as const;
        return answer({
          type: 'operation-result',
          host,
          request,
          boot,
          incarnation: 'agent',
          outcome,
        });
      }
      case 'power': {
        const { host, request, action } = command;
        if (action === 'off') this.#off.add(host);
        const outcome = action !== 'status' ? 'done' : this.#off.has(host) ? 'off' : 'on';
        return answer({ type: 'power-result', host, request, outcome, text: outcome });
      }
      case 'reach': {
        const outcome = this.#frozen.has(command.to) ? 'no' : 'yes';
        return answer({ type: 'reach-result', request: command.request, outcome });
      }
      case 'ask-witness':
        return answer({ type: 'witness-result', request: command.request, outcome: 'yes' });
      case 'ask':
        return this.schedule.after(ANSWER_MS, () => this.#beat(command.host));
      case 'answer-order':
      case 'fact':
    }
  }
}

/** Pairs of hosts with a fence device each, and groups of a pool and a target at home on all of them alike. */
export function clusterOf(hostCount: number, groupCount: number): ClusterSpec {
  const hosts = new Map<string, HostSpec>();
  for (let i = 0; i < hostCount; i++)
    hosts.set(`oss${i}`, { name: `oss${i}`, levels: [[`ipmi${i}`]] });
  const groups = new Map<string, GroupSpec>();
  for (let i = 0; i < groupCount; i++) groups.set(`pool${i}`, groupOf(i, hostCount));
  return {
    mode: 'manage',
    heartbeatTimeoutMs: 10_000,
    agentTimeoutMs: 60_000,
    onAgentTimeout: 'alarm',
    restartAttempts: 3,
    restartWindowMs: 600_000,
    witness: true,
    fencing: {
      timeoutMs: 20_000,
      retryMs: 15_000,
      checkMs: 60_000,
      maxConcurrent: 2,
      // As many as are measured: how they are spread over hours is not.
      maxPerHour: 1_000,
      onReached: 'alarm',
    },
    hosts,
    groups,
  };
}

function groupOf(index: number, hostCount: number): GroupSpec {
  const home = index % hostCount;
  const name = `pool${index}`;
  const monitorOverdueMs = 35_000;
  return {
    name,
    homeHost: `oss${home}`,
    failoverHosts: [`oss${home % 2 === 0 ? home + 1 : home - 1}`],
    resources: [
      { name, monitorOverdueMs },
      { name: `ost${index}`, parent: name, monitorOverdueMs },
    ],
    startAfter: [],
  };
}
