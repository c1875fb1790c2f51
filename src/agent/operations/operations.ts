// SPDX-License-Identifier: Apache-2.0
/**
 * Runs what the manager orders and what the watch asks for, so that of one resource one script runs
 * at a time, and follows what earlier incarnations of the agent left. Different resources run side by
 * side.
 */
import { randomBytes } from 'node:crypto';
import { messageOf } from '../../kernel/error.ts';
import type { Log } from '../../runtime/log.ts';
import type { Operate, Operation, Output, Outcome, Resource } from '../contract.ts';
import { DEFAULT_TIMEOUT_MS } from '../contract.ts';
import { monotonicMs } from '../monotonic.ts';
import { baseEnvironment, operationEnvironment, parameterFault } from '../ocf/environment.ts';
import type { AllowKind } from '../ocf/allowed-kinds.ts';
import { AdvisedTimeouts } from '../ocf/meta-data.ts';
import { findScript, type Script } from '../ocf/script.ts';
import { claimOf, type Claim } from './claim.ts';
import { Lanes } from './lanes.ts';
import { awaitGone, followOrphan } from './orphans.ts';
import type { OutputFiles } from './output-files.ts';
import { LastOutputs } from './outputs.ts';
import type { OperationRecord, OperationRecords } from './records.ts';
import { Requests, type Request } from './requests.ts';
import { runScript, type RunResult } from './script-run.ts';

export type OperationsOptions = {
  readonly incarnation: string;
  readonly ocfRoot: string;
  /** Other kinds are not run. */
  readonly allowKind: AllowKind;
  /** For every script, besides what the standard asks for. */
  readonly environment: Readonly<Record<string, string>>;
  readonly records: OperationRecords;
  readonly files: OutputFiles;
  readonly log: Log;
  /** The end of the agent: nothing is followed any more. What runs goes on. */
  readonly signal: AbortSignal;
  /** Which operations of the resource are alive may have changed. */
  readonly onAlive: (claim: Claim) => void;
  readonly onEnd: (resource: Resource, operation: Operation, result: RunResult) => void;
};

type Task = {
  readonly operation: Operation;
  readonly resource: Resource;
  readonly claim: Claim;
  readonly request?: string;
  /** Name in the certificate of who ordered it. */
  readonly by?: string | undefined;
  readonly timeoutMs?: number;
  /** What the script is told that the resource is called, if that is not its name. */
  readonly instance?: string;
  /** 0: asked for once. */
  readonly intervalMs: number;
};

type Begun = {
  readonly id: string;
  readonly timeoutMs: Promise<number>;
  readonly result: Promise<RunResult>;
};

const RUNNING_MAX = 256;

export class Operations {
  readonly #options: OperationsOptions;
  readonly #lanes: Lanes;
  readonly #requests: Requests;
  readonly #timeouts: AdvisedTimeouts;
  readonly #outputs = new LastOutputs();
  #running = 0;

  constructor(options: OperationsOptions) {
    this.#options = options;
    this.#lanes = new Lanes(options.onAlive);
    this.#requests = new Requests((id) => options.records.remove(id));
    this.#timeouts = new AdvisedTimeouts(options.ocfRoot, options.records.markOf('meta-data'));
  }

  /** Takes over what earlier incarnations left; all of it counts as alive when this resolves. */
  async adopt(): Promise<void> {
    await this.#timeouts.endOrphans();
    const { records } = this.#options;
    for (const record of records.load()) {
      const { id, operation, resource, request } = record;
      if (!record.gone) this.#lanes.enter(claimIn(record), { id, operation, status: 'left-over' });
      const outcome = this.#follow(record);
      if (request === undefined) continue;
      const timeoutMs = Promise.resolve(record.timeoutMs);
      this.#requests.add(request, { id, operation, resource, timeoutMs, outcome });
      if (record.gone) this.#requests.finish(request);
    }
  }

  /** Begins it, or finds it: the same request is run once. */
  order(order: Operate, by?: string): Request {
    const known = this.#requests.find(order);
    if (known !== undefined) return known;
    const { operation, resource, request, timeoutMs } = order;
    const given = timeoutMs === undefined ? {} : { timeoutMs };
    const claim = claimOf(resource);
    const task = { operation, resource, claim, request, by, intervalMs: 0, ...given };
    const begun = this.#begin(task, this.#requests.overtaken(order));
    const outcome = begun.result.then((result) => result.outcome);
    const { id } = begun;
    const added = { id, operation, resource: resource.name, timeoutMs: begun.timeoutMs, outcome };
    this.#requests.add(request, added);
    return added;
  }

  /** A monitor for the watch; undefined if a start or stop of the resource is alive, or a monitor hangs. */
  async monitor(
    resource: Resource,
    timeoutMs: number | undefined,
    intervalMs: number,
    signal: AbortSignal,
  ): Promise<RunResult | undefined> {
    const claim = claimOf(resource);
    // Of somebody else: it ends within its time, and is not ended, since that one is waiting for it.
    while (this.#lanes.monitors(claim).length > 0) await this.#lanes.change();
    if (signal.aborted || this.#lanes.obstacle(claim, 'monitor') !== undefined) return undefined;
    const given = timeoutMs === undefined ? {} : { timeoutMs };
    const task = { operation: 'monitor', resource, claim, intervalMs, ...given } as const;
    return await this.#begin(task).result;
  }

  /** For HALO's manager, which knows neither requests nor times: run now or not at all. */
  async perform(operation: Operation, resource: Resource, instance: string): Promise<RunResult> {
    const claim = claimOf(resource);
    return await this.#begin({ operation, resource, claim, instance, intervalMs: 0 }).result;
  }

  /** What keeps a monitor from running beside it; undefined if nothing of the resource is alive. */
  findBusy(resource: Resource): string | undefined {
    const claim = claimOf(resource);
    const [monitor] = this.#lanes.monitors(claim);
    if (monitor !== undefined) return `A monitor of ${resource.name} is under way on this host.`;
    return this.#lanes.obstacle(claim, 'monitor');
  }

  /** Resolves when what is alive has changed, of whatever resource. */
  change(): Promise<void> {
    return this.#lanes.change();
  }

  /** Ends the monitors of a resource that is watched no longer. */
  async cancelMonitors(resource: Resource): Promise<void> {
    await Promise.all(this.#lanes.monitors(claimOf(resource)).map((monitor) => monitor.cancel()));
  }

  alive(claim: Claim): Operation[] {
    return this.#lanes.alive(claim);
  }

  outputs(): Output[] {
    return this.#outputs.list();
  }

  /** `refusal`: why it must not be run. */
  #begin(task: Task, refusal?: string): Begun {
    const id = randomBytes(8).toString('hex');
    const script = refusal === undefined ? this.#findScript(task) : { reason: refusal };
    if ('reason' in script) {
      const timeoutMs = task.timeoutMs ?? DEFAULT_TIMEOUT_MS;
      const result = notRun(this.#recordOf(task, id, timeoutMs), script.reason);
      this.#settle(task, result);
      return { id, timeoutMs: Promise.resolve(timeoutMs), result: Promise.resolve(result) };
    }
    const inTheWay = this.#lanes.monitors(task.claim);
    const stop = new AbortController();
    const timeoutMs =
      task.timeoutMs === undefined
        ? this.#timeouts.find(script, task.operation)
        : Promise.resolve(task.timeoutMs);
    const result = Promise.all([timeoutMs, ...inTheWay.map((monitor) => monitor.cancel())]).then(
      ([ms]) => this.#run(task, this.#recordOf(task, id, ms), script, stop.signal),
    );
    const cancel = async (): Promise<void> => {
      stop.abort();
      await result;
    };
    const { operation } = task;
    this.#lanes.enter(task.claim, { id, operation, status: 'running', cancel });
    this.#running += 1;
    return { id, timeoutMs, result };
  }

  /** The script to run, or why it must not be run now. */
  #findScript({ resource, claim, operation }: Task): Script | { readonly reason: string } {
    const { ocfRoot, allowKind } = this.#options;
    const { kind } = resource;
    if (!allowKind(kind)) {
      return {
        reason: `This agent was told not to run ${JSON.stringify(kind)} (see its --kinds).`,
      };
    }
    const tooMany =
      this.#running >= RUNNING_MAX ? `${RUNNING_MAX} scripts run on this host already.` : undefined;
    const reason = this.#lanes.obstacle(claim, operation) ?? parameterFault(resource) ?? tooMany;
    return reason === undefined ? findScript(ocfRoot, kind) : { reason };
  }

  async #run(
    task: Task,
    record: OperationRecord,
    script: Script,
    signal: AbortSignal,
  ): Promise<RunResult> {
    const { ocfRoot, records, files, log } = this.#options;
    const { resource, operation, request, by } = task;
    const environment = operationEnvironment(
      { ...baseEnvironment(ocfRoot, script), ...this.#options.environment },
      { ...resource, name: task.instance ?? resource.name },
      operation,
      {
        timeoutMs: record.timeoutMs,
        intervalMs: task.intervalMs,
      },
    );
    if (request !== undefined)
      log.info({ request, by, operation, resource: resource.name }, 'begun');
    const result = await runScript({ record, script, environment, signal }, records, files);
    this.#running -= 1;
    this.#settle(task, result);
    return result;
  }

  /** Writes down how it ended, and lets go of the resource once all of it is gone. */
  #settle(task: Task, result: RunResult): void {
    const { resource, operation, request } = task;
    const { record, outcome } = result;
    const durationMs = result.endedAtMs - result.begunAtMs;
    if (request !== undefined) {
      const facts = { request, operation, resource: resource.name, outcome, durationMs };
      this.#options.log.info(facts, 'ended');
    }
    this.#note(record);
    this.#options.onEnd(resource, operation, result);
    // HALO's manager may ask for what is not there as often as it likes: that displaces no output.
    if (task.instance !== undefined && outcome.type === 'not-run') return;
    this.#outputs.add({
      resource: resource.name,
      operation,
      request: request ?? '',
      begun: new Date(Date.now() - (monotonicMs() - result.begunAtMs)).toISOString(),
      durationMs,
      outcome,
      stdout: result.stdout,
      stderr: result.stderr,
    });
  }

  #note(record: OperationRecord): void {
    const { id, operation, resource, request } = record;
    const { records, log } = this.#options;
    try {
      if (record.gone && request === undefined) records.remove(id);
      else records.save(record);
    } catch (error) {
      log.error({ resource, operation, error: messageOf(error) }, 'an outcome cannot be recorded');
    }
    if (record.gone) {
      this.#lanes.leave(id);
      if (request !== undefined) this.#requests.finish(request);
      return;
    }
    log.error({ resource, operation, request }, 'processes of an operation survive SIGKILL');
    this.#lanes.enter(claimIn(record), { id, operation, status: 'left-over' });
    void this.#awaitGone(record);
  }

  async #awaitGone(record: OperationRecord): Promise<void> {
    const { records, signal } = this.#options;
    if (await awaitGone(record, records, signal)) this.#note({ ...record, gone: true });
  }

  async #follow(record: OperationRecord): Promise<Outcome> {
    const { records, files, log, signal } = this.#options;
    const { resource, operation } = record;
    if (record.outcome !== undefined) {
      if (!record.gone) void this.#awaitGone(record);
      return record.outcome;
    }
    log.warn({ resource, operation }, 'an earlier incarnation of the agent left an operation');
    const followed = await followOrphan(record, records, files, signal);
    const outcome: Outcome = followed.outcome ?? { type: 'lost', text: 'The agent is ending.' };
    if (followed.outcome !== undefined) this.#note(followed);
    log.warn({ resource, operation, outcome }, 'the operation that was left has ended');
    return outcome;
  }

  #recordOf(task: Task, id: string, timeoutMs: number): OperationRecord {
    return {
      id,
      ...(task.request === undefined ? {} : { request: task.request }),
      incarnation: this.#options.incarnation,
      operation: task.operation,
      resource: task.resource.name,
      identity: task.claim.identity,
      timeoutMs,
      begunAtMs: monotonicMs(),
      gone: false,
    };
  }
}

function claimIn({ resource, identity }: OperationRecord): Claim {
  return { name: resource, identity };
}

function notRun(record: OperationRecord, text: string): RunResult {
  const outcome: Outcome = { type: 'not-run', text };
  const { begunAtMs } = record;
  const ended = { ...record, outcome, gone: true };
  return { record: ended, outcome, begunAtMs, endedAtMs: begunAtMs, stdout: '', stderr: '' };
}
