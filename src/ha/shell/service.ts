// SPDX-License-Identifier: Apache-2.0
/**
 * The manager: the core, driven by what its hosts say, with its journal, its hands and its API.
 *
 * The order of the start matters: the journal's lock comes first, since it keeps a second manager
 * away; what the one before left running is ended before anything is decided. At the end the
 * services are left as they are: the manager of tomorrow asks, and carries on.
 */
import { setMaxListeners } from 'node:events';
import type { Log } from '../../runtime/log.ts';
import { isInOwnNetwork, isLoopback } from '../../runtime/plain-tcp.ts';
import type { IdentityFiles } from '../../runtime/tls-files.ts';
import { LiveIdentity } from '../../runtime/tls-live.ts';
import { checkFenceAgents } from '../config/fence-agents.ts';
import { loadConfig, type HaConfig } from '../config.ts';
import { HaError } from '../errors.ts';
import { endLeftFencePrograms } from '../fencing/left-programs.ts';
import { fenceDeviceRunner } from '../fencing/run.ts';
import { openDoors } from './doors.ts';
import { Journal } from './journal.ts';
import { Manager } from './manager.ts';
import { findOperatorGroup, type OperatorGroup } from './operators.ts';
import { refuseSocketInUse } from './socket-server.ts';

export type ManagerOptions = {
  readonly configPath: string;
  readonly socketPath: string;
  readonly journalPath: string;
  /** Of agents whose hostname names none. */
  readonly agentPort: number;
  /** Act, whatever the configuration's mode says. */
  readonly manageResources: boolean;
  readonly insecure: boolean;
  /** With them agents are spoken to by TLS only. */
  readonly identityFiles: IdentityFiles | undefined;
  readonly log: Log;
  /** The API answers, and the hosts are being asked. */
  readonly onReady: () => void;
};

const TEND_EVERY_MS = 10_000;

/** Resolves when the signal says so and all is closed. Rejects when it cannot start, or not go on. */
export async function runManager(options: ManagerOptions, signal: AbortSignal): Promise<void> {
  const { log } = options;
  const config = readConfig(options);
  const { identityFiles: files } = options;
  using identity = files && (await LiveIdentity.open(files, { role: 'manager' }, log));
  const group = await operatorGroupOf(config);
  for (const text of await checkFenceAgents(config)) log.warn({ text }, 'fence agent not checked');
  using journal = new Journal(options.journalPath);
  // A manager with a journal of its own, at the same socket, has fence programs that are not ours.
  await refuseSocketInUse(options.socketPath);
  // On tmpfs, as the socket is: a full disk must not hide a left program from the next manager.
  const fencePrograms = `${options.socketPath}.fencing`;
  for (const program of await endLeftFencePrograms(fencePrograms))
    log.warn(program, 'a fence program was ended that the manager before had left');
  using stop = stopWith(signal);
  const runFenceDevice = fenceDeviceRunner(fencePrograms);
  using manager = new Manager({ config, journal, log, runFenceDevice, identity }, stop.signal);
  await manager.meetHosts();
  await using _doors = await openDoors(manager, { path: options.socketPath, group });
  using _tending = tendEvery(TEND_EVERY_MS, () => journal.tend(() => Date.now()));
  const running = manager.run();
  const { mode } = config.spec;
  log.info({ mode, epoch: journal.epoch, socket: options.socketPath }, 'the manager has started');
  options.onReady();
  await running;
  log.info('the manager ends; the services are left as they are');
}

async function operatorGroupOf({ operators, path }: HaConfig): Promise<OperatorGroup | undefined> {
  return operators === undefined ? undefined : findOperatorGroup(operators, path);
}

function readConfig({
  configPath,
  agentPort,
  manageResources,
  insecure,
  identityFiles,
}: ManagerOptions): HaConfig {
  const config = loadConfig(configPath, agentPort);
  const open = [...config.hosts].find(([, { address }]) => !isLoopback(address));
  if (open !== undefined && identityFiles === undefined && !insecure && !isInOwnNetwork())
    throw new HaError(
      `${configPath}: agents such as ${open[0]} would be spoken to without TLS over a network, where anybody could answer in their place: make certificates with aureole pki, or say --insecure if only the cluster uses it`,
      { code: 'insecure-network' },
      { effect: 'none' },
    );
  const mode = manageResources ? 'manage' : config.spec.mode;
  return { ...config, spec: { ...config.spec, mode } };
}

/** Ends all that was begun when the signal says so, and also when the manager ends by an error. */
function stopWith(signal: AbortSignal): Disposable & { readonly signal: AbortSignal } {
  const stop = new AbortController();
  // Every question under way listens to it, and a large cluster has hundreds of them.
  setMaxListeners(0, stop.signal);
  const abort = (): void => stop.abort();
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort);
  return {
    signal: stop.signal,
    [Symbol.dispose]() {
      signal.removeEventListener('abort', abort);
      abort();
    },
  };
}

function tendEvery(intervalMs: number, tend: () => Promise<void>): Disposable {
  void tend();
  const timer = setInterval(() => void tend(), intervalMs);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
