// SPDX-License-Identifier: Apache-2.0
/** `aureole agent`: the daemon of each host. */
import { hostname } from 'node:os';
import { Command, Option } from 'commander';
import { logLevelOf, openLog } from '../../runtime/log.ts';
import { settings } from '../../runtime/settings.ts';
import { isInOwnNetwork, isLoopback } from '../../runtime/plain-tcp.ts';
import { systemdNotifier, watchdogIntervalMs } from '../../runtime/systemd.ts';
import { findIdentityFiles, tlsOptions, type IdentityFiles } from '../../runtime/tls-files.ts';
import { LiveIdentity } from '../../runtime/tls-live.ts';
import { AgentError } from '../errors.ts';
import { openTestIdentity } from '../halo/test-identity.ts';
import { chooseHaloListen, chooseListen, type ListenFlags } from '../listen-address.ts';
import { managersOf } from '../managers.ts';
import { allowedKinds } from '../ocf/allowed-kinds.ts';
import { runAgent } from '../service.ts';

type Flags = ListenFlags &
  Partial<IdentityFiles> & {
    readonly name: string;
    readonly ocfRoot: string;
    readonly runDirectory: string;
    readonly takeOver: boolean;
    readonly insecure: boolean;
    readonly manager?: string;
    readonly kinds?: string;
    readonly haloCompat?: string;
    readonly haloInsecure: boolean;
    readonly testId?: string;
  };

/** Then any host could give orders to any other one. */
const TOO_GOOD =
  'the certificate of this agent is good for managers as well: name the managers with --manager';

export function agentCommand(): Command {
  const command = new Command('agent')
    .description('Run OCF scripts on this host for the manager, and tell it how they are')
    .option('--name <host>', 'name of this host in the configuration', hostname())
    .option('--listen <address:port>', 'where to serve the API (default: this host only)')
    .option('--network <cidr>', 'or: at the first address of this host in it; $AUREOLE_NET')
    .option('--port <port>', 'if --listen names none; $AUREOLE_PORT (default: 8000)')
    .addOption(
      new Option('--ocf-root <folder>', 'folder that holds resource.d')
        .env('OCF_ROOT')
        .default('/usr/lib/ocf'),
    )
    .option('--run-directory <folder>', 'memory within one boot; on tmpfs', '/run/aureole')
    .option('--take-over', 'obey the first manager that comes with another journal', false)
    .option('--kinds <list>', 'OCF scripts to run, no others: heartbeat/ZFS,lustre/*, or a file')
    .option('--manager <nodeset>', 'whose certificates may give orders (default: any for clients)')
    .option('--insecure', 'serve others than this host without TLS', false)
    .option(
      '--halo-compat <[address:]port>',
      "also serve HALO's manager, while hosts are moved over",
    )
    .option('--halo-insecure', 'serve it without TLS, where HALO runs without --mtls', false)
    .option('--test-id <id>', "this agent's name in HALO's test harness");
  for (const option of tlsOptions('agent')) command.addOption(option);
  return command.action(serve);
}

async function serve(flags: Flags): Promise<void> {
  const find = settings();
  const { address, port } = chooseListen(flags, find);
  const allowKind = allowedKinds(flags.kinds, find);
  const managers = managersOf(flags.manager, find);
  const files = findIdentityFiles('agent', flags, find);
  const halo =
    flags.haloCompat === undefined
      ? undefined
      : chooseHaloListen(flags.haloCompat, { address, port });
  if (files === undefined && !flags.insecure) {
    refuseOpenNetwork(address, port);
    if (halo !== undefined && !flags.haloInsecure) refuseOpenNetwork(halo.address, halo.port);
  }
  const { log, flush } = openLog('agent', logLevelOf(find));
  const notify = await systemdNotifier();
  const watchdogMs = watchdogIntervalMs();
  if (watchdogMs !== undefined) setInterval(() => notify('WATCHDOG=1'), watchdogMs).unref();
  const stop = new AbortController();
  const end = (): void => {
    notify('STOPPING=1');
    stop.abort();
  };
  process.once('SIGTERM', end);
  process.once('SIGINT', end);
  try {
    const { name: host, ocfRoot, runDirectory, takeOver } = flags;
    using identity = files && (await LiveIdentity.open(files, { role: 'agent', host }, log));
    using testIdentity =
      halo === undefined && flags.testId === undefined
        ? undefined
        : openTestIdentity(flags.testId, process.env);
    if (identity?.current.isForClients === true && managers === undefined) log.warn(TOO_GOOD);
    const onListening = (): void => notify('READY=1');
    await runAgent(
      {
        host,
        address,
        port,
        ...(identity && { identity }),
        ...(managers && { managers }),
        ...(halo && { halo: { ...halo, isPlain: flags.haloInsecure } }),
        ocfRoot,
        environment: testIdentity?.environment ?? {},
        allowKind,
        runDirectory,
        takeOver,
        log,
        onListening,
      },
      stop.signal,
    );
  } finally {
    process.off('SIGTERM', end);
    process.off('SIGINT', end);
    flush();
  }
}

function refuseOpenNetwork(address: string, port: number): void {
  if (isLoopback(address) || isInOwnNetwork()) return;
  throw new AgentError(
    `Whoever reaches ${address}:${port} could run scripts as root. Give this host a certificate ` +
      '(aureole pki), or say --insecure if only the manager reaches it.',
    { code: 'agent-listen-insecure' },
    { effect: 'none' },
  );
}
