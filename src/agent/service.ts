// SPDX-License-Identifier: Apache-2.0
/**
 * The agent of one host: it runs OCF scripts and tells what they said. It decides nothing, obeys the
 * newest manager only, and its end is not the end of what it has begun.
 */
import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import packageJson from '../../package.json' with { type: 'json' };
import { messageOf } from '../kernel/error.ts';
import type { Log } from '../runtime/log.ts';
import type { LiveIdentity } from '../runtime/tls-live.ts';
import { Changes } from './changes.ts';
import type { Beat, Identity, Operate, OperationStatus, Poll, Watch } from './contract.ts';
import { EpochGuard } from './epoch-guard.ts';
import { RefusedError } from './errors.ts';
import { createApi, type AgentApi } from './http-api.ts';
import { listen } from './http-server.ts';
import type { Listen } from './listen-address.ts';
import { Hold } from './hold.ts';
import { RESOURCE_TMP } from './ocf/environment.ts';
import type { AllowKind } from './ocf/allowed-kinds.ts';
import { listKinds } from './ocf/script.ts';
import { Operations } from './operations/operations.ts';
import { OutputFiles } from './operations/output-files.ts';
import { OperationRecords } from './operations/records.ts';
import { reachAgent } from './reach.ts';
import { openRunDirectory, type RunDirectory } from './run-directory.ts';
import type { ListenOptions, Listening } from './tcp-server.ts';
import { Watcher } from './watch.ts';

export type AgentOptions = {
  /** Name of this host. */
  readonly host: string;
  readonly address: string;
  /** 0: any that is free. */
  readonly port: number;
  /** With it: TLS only. */
  readonly identity?: LiveIdentity;
  /** Whose certificates may give orders; without it: each that is made for clients. */
  readonly managers?: readonly string[];
  /** Where HALO's manager is served; absent: nowhere. Plain: without TLS, whatever our own API has. */
  readonly halo?: Listen & { readonly isPlain: boolean };
  readonly ocfRoot: string;
  /** For every script, besides what the standard asks for. */
  readonly environment: Readonly<Record<string, string>>;
  readonly allowKind: AllowKind;
  readonly runDirectory: string;
  /** Obey the first manager with another journal that comes. */
  readonly takeOver: boolean;
  readonly log: Log;
  /** The API answers. */
  readonly onReady: () => void;
};

/** What serves others: our API, and what may be done beside it. */
type Agent = { readonly api: AgentApi; readonly operations: Operations; readonly hold: Hold };

/** Resolves after the signal, once nothing is answered any more. Scripts under way go on. */
export async function runAgent(options: AgentOptions, signal: AbortSignal): Promise<void> {
  const { log } = options;
  const directory = openRunDirectory(options.runDirectory);
  ensureResourceTmp(log);
  const agent = await assemble(options, directory, signal);
  const { host, address, port, identity, managers } = options;
  const gate = identity === undefined ? {} : { gate: { identity, managers, log } };
  const where = { address, port, flag: '--listen', ...gate };
  await using open = new AsyncDisposableStack();
  const listening = await listen(createApi(agent.api, log), where);
  open.defer(() => listening.close());
  const halo = options.halo && (await serveHalo(agent, options.halo, gate, log));
  open.defer(() => halo?.close());
  const facts = { host, address, port: listening.port, tls: identity !== undefined };
  log.info({ ...facts, boot: directory.boot }, 'listening');
  options.onReady();
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve());
  });
  await open.disposeAsync();
  log.info({ host }, 'ended');
}

async function serveHalo(
  { operations, hold }: Agent,
  { address, port, isPlain }: NonNullable<AgentOptions['halo']>,
  gate: Pick<ListenOptions, 'gate'>,
  log: Log,
): Promise<Listening> {
  // Whoever does not serve HALO pays nothing for it.
  const { listenForHalo } = await import('./halo/listener.ts');
  const where = { address, port, flag: '--halo-compat', ...(isPlain ? {} : gate) };
  const listening = await listenForHalo(where, { operations, hold, log });
  log.info({ address, haloPort: listening.port, isPlain }, "serving HALO's manager");
  return listening;
}

async function assemble(
  options: AgentOptions,
  directory: RunDirectory,
  signal: AbortSignal,
): Promise<Agent> {
  const { host, ocfRoot, allowKind, log } = options;
  const incarnation = randomUUID();
  const guard = new EpochGuard(directory.epochFile, options.takeOver);
  const hold = new Hold(directory.holdFile);
  const changes = new Changes();
  const files = new OutputFiles(directory.outputs);
  const operations = new Operations({
    incarnation,
    ocfRoot,
    allowKind,
    environment: options.environment,
    records: new OperationRecords(directory.operations, directory.boot),
    files,
    log,
    signal,
    onAlive: (claim) => watcher.lookAtAlive(claim),
    onEnd: (resource, operation, result) => {
      if (operation === 'monitor') watcher.take(resource, result);
    },
  });
  const watcher = new Watcher(operations, changes, signal);
  await operations.adopt();
  files.keepSmall(signal);
  const { boot, kernelBoot } = directory;
  const api: AgentApi = {
    identity: (): Identity => ({
      host,
      boot,
      kernelBoot,
      incarnation,
      version: packageJson.version,
      ...(guard.epoch === undefined ? {} : { epoch: guard.epoch }),
      kinds: listKinds(ocfRoot).filter(allowKind),
    }),
    watch: (watch, by) => {
      guard.obey(watch.epoch);
      log.info({ by, epoch: watch.epoch }, 'obeys');
      hold.set(watch.holds);
      watcher.replace(uniquelyNamed(watch));
    },
    poll: async ({ epoch, holds, cursor, waitMs }: Poll): Promise<Beat> => {
      guard.obey(epoch);
      if (holds !== undefined) hold.set(holds);
      await changes.waitBeyond(cursor, waitMs);
      return { host, boot, incarnation, cursor: changes.cursor, resources: watcher.states() };
    },
    operate: async (order, by) => {
      guard.obey(order.epoch);
      return { boot, incarnation, ...(await carryOut(order, by, boot, operations)) };
    },
    reach: (question) => reachAgent(question, options.identity !== undefined),
    outputs: () => ({ outputs: operations.outputs() }),
  };
  return { api, operations, hold };
}

async function carryOut(
  order: Operate,
  by: string | undefined,
  boot: string,
  operations: Operations,
): Promise<Pick<OperationStatus, 'request' | 'timeoutMs' | 'outcome'>> {
  if (order.boot !== boot) {
    const message = `The order is for boot ${order.boot}; the present boot is ${boot}.`;
    throw new RefusedError('wrong-boot', message);
  }
  const request = operations.order(order, by);
  const waiting = new AbortController();
  const outcome = await Promise.race([
    request.outcome,
    sleep(order.waitMs, undefined, { signal: waiting.signal, ref: false }).catch(() => undefined),
  ]);
  waiting.abort();
  const timeoutMs = await request.timeoutMs;
  return { request: order.request, timeoutMs, ...(outcome === undefined ? {} : { outcome }) };
}

function uniquelyNamed({ resources }: Watch): Watch['resources'] {
  const names = new Set<string>();
  for (const { name } of resources) {
    if (names.has(name)) {
      throw new RefusedError('bad-request', `Two resources are named ${JSON.stringify(name)}.`);
    }
    names.add(name);
  }
  return resources;
}

function ensureResourceTmp(log: Log): void {
  try {
    mkdirSync(RESOURCE_TMP, { recursive: true, mode: 0o1755 });
  } catch (error) {
    log.warn({ path: RESOURCE_TMP, error: messageOf(error) }, 'scripts have no place for notes');
  }
}
