// SPDX-License-Identifier: Apache-2.0
/** The core in its shell: what drives it, what carries out its orders, and what is shown of it. */
import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { Instant, Step } from '../../kernel/machine.ts';
import { systemClock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import { Mailbox } from '../../runtime/mailbox.ts';
import { run, type Cause } from '../../runtime/runner.ts';
import type { LiveIdentity } from '../../runtime/tls-live.ts';
import type { HaConfig } from '../config.ts';
import { viewConfig } from '../config/config-view.ts';
import type { ClearRequest, ConfigView, EventView, Explanation } from '../contract.ts';
import type { OrderAnswer, OrderRequest, PowerStatus, Status } from '../contract.ts';
import { haMachine } from '../core/cluster-machine.ts';
import { foresight, type Foresee } from '../core/foresight.ts';
import type { Fact, HaCommand, HaEvent } from '../core/messages.ts';
import type { ClusterState } from '../core/state.ts';
import { viewCluster } from '../core/view.ts';
import type { RunFenceDevice } from '../fencing/contract.ts';
import { oneAtATime } from '../fencing/one-at-a-time.ts';
import type { DoorName } from '../door.ts';
import type { FenceEnd, ManagerApi } from '../manager-api.ts';
import { executor, type Execute } from './executor.ts';
import { explain } from './explanation.ts';
import { Hosts } from './hosts.ts';
import type { Journal } from './journal.ts';
import type { EventQuery } from './journal-events.ts';
import { LiveFeed } from './live-feed.ts';
import type { Operator } from './operators.ts';
import { Orders } from './orders.ts';
import { askPowerStatus } from './power-status.ts';
import { fenceEndOf, statusOf } from './status-view.ts';
import { StepWatch } from './step-watch.ts';
import { logFacts, logStep } from './transition-log.ts';

export type ManagerParts = {
  readonly config: HaConfig;
  readonly journal: Journal;
  readonly runFenceDevice: RunFenceDevice;
  readonly log: Log;
  readonly identity?: LiveIdentity | undefined;
};

type HaStep = Step<ClusterState, HaCommand>;

export class Manager implements ManagerApi, Disposable {
  readonly #config: HaConfig;
  readonly #journal: Journal;
  readonly #log: Log;
  readonly #signal: AbortSignal;
  readonly #clock = systemClock();
  readonly #inbox = new Mailbox<HaEvent>();
  readonly #orders = new Orders(this.#inbox);
  readonly #feed = new LiveFeed(() => this.status());
  readonly #hosts: Hosts;
  readonly #execute: Execute;
  readonly #foresee: Foresee;
  readonly #runFenceDevice: RunFenceDevice;
  readonly #steps = new StepWatch();
  #state: ClusterState | undefined;

  /** The signal ends what is under way. */
  constructor(
    { config, journal, runFenceDevice, log, identity }: ManagerParts,
    signal: AbortSignal,
  ) {
    this.#config = config;
    this.#journal = journal;
    this.#log = log;
    this.#signal = signal;
    const shared = { config, epoch: journal.epoch, clock: this.#clock, inbox: this.#inbox };
    this.#hosts = new Hosts({ ...shared, log, identity });
    this.#foresee = foresight(config.spec);
    this.#runFenceDevice = oneAtATime(runFenceDevice);
    this.#execute = executor(
      {
        ...shared,
        clients: this.#hosts.clients,
        runFenceDevice: this.#runFenceDevice,
        hurry: (host) => this.#hosts.hurry(host),
        answerOrder: (answer) => this.#orders.answer(answer),
      },
      signal,
    );
    journal.onFacts((events) => {
      logFacts(log, events);
      this.#feed.events(events);
    });
  }

  /** To be called before it runs. Whoever does not answer is asked again later. */
  meetHosts(): Promise<void> {
    return this.#hosts.meet(this.#signal);
  }

  /** Takes its first step at once; from then on there is a status. */
  run(): Promise<void> {
    const machine = haMachine(this.#config.spec, this.#journal.epoch.number);
    const ports = {
      clock: this.#clock,
      inbox: this.#inbox,
      commit: (step: HaStep, now: Instant) =>
        void this.#journal.commit(step.saves, factsOf(step.commands), now),
      execute: this.#execute,
      observe: (step: HaStep, cause: Cause<HaEvent>) => this.#observe(step, cause),
    };
    return run(machine, this.#journal.saved(), ports, this.#signal);
  }

  #observe(step: HaStep, cause: Cause<HaEvent>): void {
    this.#state = step.state;
    if (cause.type === 'restore') this.#hosts.startPolling(step.state, this.#signal);
    logStep(this.#log, step, cause);
    this.#feed.statusChanged();
    this.#steps.taken();
  }

  get #present(): ClusterState {
    if (this.#state === undefined) throw new Error('asked before the first step');
    return this.#state;
  }

  status(): Status {
    const { alarm, epoch } = this.#journal;
    const own = alarm === undefined ? [] : [{ text: alarm }];
    const look = viewCluster(this.#config.spec, this.#present, this.#clock.now());
    return statusOf(look, this.#config, epoch, {
      alarms: [...own, ...this.#hosts.alarms()],
      certificateOf: (host) => this.#hosts.certificateOf(host),
    });
  }

  events(query: EventQuery): readonly EventView[] {
    return this.#journal.events(query);
  }

  clearEvents({ reason, operator, uid }: ClearRequest & Operator): number {
    return this.#journal.clear({ reason, operator, uid }, this.#clock.now());
  }

  nodeGroups(): ReadonlyMap<string, string> {
    return this.#config.nodeGroups;
  }

  config(): ConfigView {
    return viewConfig(this.#config);
  }

  explain(name: string): Promise<Explanation | undefined> {
    const { clients } = this.#hosts;
    const status = (): Status => this.status();
    return explain(name, { status, journal: this.#journal, clients }, this.#signal);
  }

  order(request: OrderRequest & Operator): Promise<OrderAnswer | 'busy' | 'late'> {
    if (request.dryRun) return Promise.resolve(this.#foretell(request));
    return this.#orders.give(request);
  }

  fenceEnd(host: string, signal: AbortSignal): Promise<FenceEnd | undefined> {
    const until = AbortSignal.any([signal, this.#signal]);
    return this.#steps.until(() => fenceEndOf(this.#present.hosts.get(host)), until);
  }

  parametersOf(resource: string): Readonly<Record<string, string>> {
    return this.#config.resources.get(resource)?.parameters ?? {};
  }

  powerStatus(hosts: readonly string[]): Promise<PowerStatus | { unknown: string }> {
    const parts = {
      config: this.#config,
      state: this.#present,
      runFenceDevice: this.#runFenceDevice,
    };
    return askPowerStatus(hosts, parts, this.#signal);
  }

  /** Read from the present state: the core is not told, and the journal neither. */
  #foretell(request: OrderRequest): OrderAnswer {
    const id = randomUUID();
    const { plan, ...answer } = this.#foresee(this.#present, { id, ...request }, this.#clock.now());
    return { id, ...answer, plan: [...plan] };
  }

  stream(response: ServerResponse, door: DoorName): boolean {
    return this.#feed.open(response, door);
  }

  [Symbol.dispose](): void {
    this.#feed[Symbol.dispose]();
    this.#hosts[Symbol.dispose]();
  }
}

function factsOf(commands: readonly HaCommand[]): Fact[] {
  return commands.flatMap((command) => (command.type === 'fact' ? [command.fact] : []));
}
