// SPDX-License-Identifier: Apache-2.0
/**
 * A simulated manager process around the real core: an inbox, a disk, pollers and executors with
 * deadlines, as the shell has them. It can crash at every point of a step, stall, and be slow to save.
 */
import type { Instant, Saved, Step, Tick } from '../../kernel/machine.ts';
import type { Schedule } from '../../sim/schedule.ts';
import type { HaMachine } from '../core/cluster-machine.ts';
import type { HaCommand, HaEvent, Order } from '../core/messages.ts';
import {
  UNACQUAINTED,
  afterBeat,
  afterIdentity,
  afterWatch,
  beatOf,
  nextQuestion,
  type BeatAnswer,
  type PollCursor,
} from '../core/poll-cursor.ts';
import type { ClusterState } from '../core/state.ts';
import type { SimEpoch } from './sim-script.ts';

/** What survives a crash; values as the journal has them, in JSON. */
export type Disk = { readonly journal: string; epoch: number; saved: Map<string, string> };

/** How one question to a host ends. */
export type Asked<T> = Readonly<
  | { type: 'answer'; value: T }
  | { type: 'refused'; strange: boolean }
  | { type: 'obeys-other'; why: string }
>;

/** The manager's way to the simulated world. Questions that get lost are never answered. */
export type ManagerPorts = {
  readonly schedule: Schedule;
  readonly makeMachine: (epoch: number) => HaMachine;
  readonly identity: (
    host: string,
    epoch: SimEpoch,
    answer: (asked: Asked<string>) => void,
  ) => void;
  readonly watch: (host: string, epoch: SimEpoch, answer: (asked: Asked<true>) => void) => void;
  readonly poll: (
    host: string,
    epoch: SimEpoch,
    cursor: number,
    waitMs: number,
    answer: (asked: Asked<BeatAnswer>) => void,
  ) => void;
  readonly operate: (
    command: Extract<HaCommand, { type: 'operate' }>,
    epoch: SimEpoch,
    answer: (asked: Asked<HaEvent>) => void,
  ) => void;
  readonly power: (
    command: Extract<HaCommand, { type: 'power' }>,
    alive: () => boolean,
    answer: (event: HaEvent) => void,
  ) => void;
  readonly reach: (
    command: Extract<HaCommand, { type: 'reach' }>,
    answer: (event: HaEvent) => void,
  ) => void;
  readonly witness: (
    command: Extract<HaCommand, { type: 'ask-witness' }>,
    answer: (event: HaEvent) => void,
  ) => void;
  readonly commitMs: () => number;
  /** Shall it crash here? Asked at each point between saving and acting. */
  readonly crashes: (point: 'before-save' | 'after-save' | 'between-commands') => boolean;
  readonly onCrash: () => void;
  readonly observe: (
    step: Step<ClusterState, HaCommand>,
    event: HaEvent | Tick | undefined,
  ) => void;
};

const OPERATE_RETRY_MS = 3_000;
const OPERATE_GIVE_UP_MS = 45_000;

export class SimManager {
  readonly disk: Disk;
  readonly #ports: ManagerPorts;
  readonly #hosts: readonly string[];
  readonly #heartbeatMs: number;
  #machine: HaMachine | undefined;
  #state: ClusterState | undefined;
  #inbox: HaEvent[] = [];
  halted = false;
  #run = 0;
  #busy = false;
  #stalledUntil: Instant = 0;
  #wakeAt = Infinity;
  #eventsInRow = 0;
  #tickFirst = false;
  /** Polls that are out, so that a newer one can take their place. */
  #polling = new Map<string, { cursor: PollCursor; hurried: boolean; hurry: () => void }>();

  constructor(disk: Disk, hosts: readonly string[], heartbeatMs: number, ports: ManagerPorts) {
    this.disk = disk;
    this.#hosts = hosts;
    this.#heartbeatMs = heartbeatMs;
    this.#ports = ports;
  }

  get up(): boolean {
    return this.#state !== undefined;
  }

  get state(): ClusterState | undefined {
    return this.#state;
  }

  get epoch(): SimEpoch {
    return { journal: this.disk.journal, number: this.disk.epoch };
  }

  start(): void {
    if (this.up) return;
    this.halted = false;
    this.#run++;
    // By the clock, so that two copies of one journal never count alike.
    this.disk.epoch = Math.max(this.disk.epoch + 1, Math.floor(this.#ports.schedule.now));
    this.#busy = false;
    this.#inbox = [];
    this.#wakeAt = Infinity;
    this.#stalledUntil = 0;
    this.#machine = this.#ports.makeMachine(this.disk.epoch);
    const saved = readDisk(this.disk);
    const step = this.#machine.restore(saved, this.#ports.schedule.now);
    this.#state = step.state;
    this.#ports.observe(step, undefined);
    this.#commit(step);
    const run = this.#run;
    for (const host of this.#hosts) {
      const poller = { cursor: UNACQUAINTED, hurried: false, hurry: (): void => {} };
      this.#polling.set(host, poller);
      this.#ask(host, run);
    }
    this.#pump();
  }

  crash(): void {
    if (!this.up) return;
    this.#state = undefined;
    this.#run++;
    this.#polling.clear();
    this.#ports.onCrash();
  }

  /** Ended by somebody, and not started again by itself. */
  halt(): void {
    this.halted = true;
    this.#state = undefined;
    this.#run++;
    this.#polling.clear();
  }

  /** Stopped as by SIGSTOP: what arrives waits. */
  stall(forMs: number): void {
    const { schedule } = this.#ports;
    this.#stalledUntil = schedule.now + forMs;
    // Timers fire before the sockets are read: the tick comes first, with everything still unread.
    schedule.after(forMs, () => {
      this.#tickFirst = true;
      this.#pump();
    });
  }

  order(order: Order): void {
    this.#push({ type: 'order', order }, this.#run);
  }

  #push(event: HaEvent, run: number): void {
    if (run !== this.#run || !this.up) return;
    this.#inbox.push(event);
    this.#pump();
  }

  /** What has arrived is taken in before a tick, but a tick comes after a thousand events at the latest. */
  #pump(): void {
    const { schedule } = this.#ports;
    while (this.up && !this.#busy && schedule.now >= this.#stalledUntil) {
      const machine = this.#machine;
      const state = this.#state;
      if (machine === undefined || state === undefined) return;
      const due = machine.deadline(state) ?? Infinity;
      const tickNow = schedule.now >= due && (this.#tickFirst || this.#eventsInRow >= 1_000);
      this.#tickFirst = false;
      const event = tickNow ? undefined : this.#inbox.shift();
      this.#eventsInRow = event === undefined ? 0 : this.#eventsInRow + 1;
      if (event === undefined && schedule.now < due) return this.#wake(due);
      const step = machine.step(state, event ?? { type: 'tick' }, schedule.now);
      if (this.#ports.crashes('before-save')) return this.crash();
      this.#state = step.state;
      this.#ports.observe(step, event ?? { type: 'tick' });
      this.#commit(step);
    }
  }

  #wake(at: Instant): void {
    if (at >= this.#wakeAt) return;
    this.#wakeAt = at;
    const { schedule } = this.#ports;
    schedule.after(Math.max(0, at - schedule.now), () => {
      this.#wakeAt = Infinity;
      this.#pump();
    });
  }

  #commit(step: Step<ClusterState, HaCommand>): void {
    if (step.saves.length === 0) return this.#act(step.commands);
    this.#busy = true;
    const run = this.#run;
    this.#ports.schedule.after(this.#ports.commitMs(), () => {
      if (run !== this.#run) return;
      for (const { key, value } of step.saves) this.disk.saved.set(key, JSON.stringify(value));
      this.#busy = false;
      if (this.#ports.crashes('after-save')) return this.crash();
      this.#act(step.commands);
      this.#pump();
    });
  }

  #act(commands: readonly HaCommand[]): void {
    for (const command of commands) {
      if (!this.up) return;
      this.#execute(command, this.#run);
      if (command.type !== 'fact' && this.#ports.crashes('between-commands')) return this.crash();
    }
  }

  #execute(command: HaCommand, run: number): void {
    const answer = (event: HaEvent): void => this.#push(event, run);
    switch (command.type) {
      case 'operate':
        return this.#operate(command, run);
      case 'power':
        return this.#ports.power(command, () => run === this.#run, answer);
      case 'reach':
        return this.#ports.reach(command, answer);
      case 'ask-witness':
        return this.#ports.witness(command, answer);
      case 'ask':
        return this.#polling.get(command.host)?.hurry();
      case 'answer-order':
      case 'fact':
    }
  }

  #ask(host: string, run: number): void {
    const poller = this.#polling.get(host);
    if (poller === undefined || run !== this.#run) return;
    const { schedule } = this.#ports;
    const askedAt = schedule.now;
    let open = true;
    const next = (delayMs: number): void => {
      open = false;
      schedule.after(delayMs, () => this.#ask(host, run));
    };
    poller.hurry = (): void => {
      if (!open) return;
      poller.hurried = true;
      next(0);
    };
    const pauseMs = this.#heartbeatMs / 16;
    const take = <T>(asked: Asked<T>, good: (value: T) => void): void => {
      if (run !== this.#run) return;
      if (asked.type === 'answer') return good(asked.value);
      if (!open) return;
      if (asked.type === 'refused') this.#push({ ...asked, host, askedAt }, run);
      else this.#push(supersededBy(host, asked.why, askedAt), run);
      poller.cursor = UNACQUAINTED;
      next(pauseMs);
    };
    const goOn = (cursor: PollCursor, delayMs: number): void => {
      if (!open) return;
      poller.cursor = cursor;
      next(delayMs);
    };
    const question = nextQuestion(poller.cursor);
    const waitMs = poller.hurried ? 0 : this.#heartbeatMs / 4;
    poller.hurried = false;
    // After a missed beat it is asked twice; what comes of the first question then counts all the same.
    schedule.after(this.#heartbeatMs / (waitMs === 0 ? 4 : 2), () => {
      if (!open || run !== this.#run) return;
      poller.hurried = question.type === 'poll';
      next(0);
    });
    switch (question.type) {
      case 'identity':
        return this.#ports.identity(host, this.epoch, (asked) =>
          take(asked, (incarnation) => goOn(afterIdentity(incarnation), 0)),
        );
      case 'watch':
        return this.#ports.watch(host, this.epoch, (asked) =>
          take(asked, () => goOn(afterWatch(poller.cursor), 0)),
        );
      case 'poll':
        return this.#ports.poll(host, this.epoch, question.cursor, waitMs, (asked) =>
          take(asked, (beat) => {
            // An answer that comes after its deadline is a ghost, and the core has to see through it.
            this.#push(beatOf(host, askedAt, beat), run);
            goOn(afterBeat(poller.cursor, beat), 5);
          }),
        );
    }
  }

  /** The same request again and again, until an outcome comes or its time is over. */
  #operate(command: Extract<HaCommand, { type: 'operate' }>, run: number): void {
    const { schedule } = this.#ports;
    const giveUpAt = schedule.now + OPERATE_GIVE_UP_MS;
    const { host, request, boot } = command;
    let open = true;
    const end = (event: HaEvent): void => {
      if (!open) return;
      open = false;
      this.#push(event, run);
    };
    const attempt = (): void => {
      if (!open || run !== this.#run) return;
      if (schedule.now >= giveUpAt) {
        const outcome = { type: 'unreachable', text: 'no answer' } as const;
        return end({ type: 'operation-result', host, request, boot, incarnation: '', outcome });
      }
      const askedAt = schedule.now;
      this.#ports.operate(command, this.epoch, (asked) => {
        if (asked.type === 'answer') end(asked.value);
        else if (asked.type === 'obeys-other') end(supersededBy(host, asked.why, askedAt));
      });
      schedule.after(OPERATE_RETRY_MS, attempt);
    };
    attempt();
  }
}

function readDisk({ saved }: Disk): Saved {
  return new Map([...saved].map(([key, value]) => [key, JSON.parse(value)]));
}

function supersededBy(host: string, why: string, askedAt: number): HaEvent {
  const by = why === 'other-journal' ? why : 'higher-epoch';
  return { type: 'superseded', host, askedAt, by, text: why };
}
