// SPDX-License-Identifier: Apache-2.0
/** `aureole agent`: the daemon of each host. */
import { hostname } from 'node:os';
import { Command, Option } from 'commander';
import { runDaemon, type DaemonPorts } from '../../runtime/daemon.ts';
import { giveBackOnceSettled } from '../../runtime/give-back.ts';
import { settings, type FindSetting } from '../../runtime/settings.ts';
import { isInOwnNetwork, isLoopback } from '../../runtime/plain-tcp.ts';
import { findIdentityFiles, tlsOptions, type IdentityFiles } from '../../runtime/tls-files.ts';
import { LiveIdentity } from '../../runtime/tls-live.ts';
import { AgentError } from '../errors.ts';
import { openTestIdentity } from '../halo/test-identity.ts';
import {
  chooseHaloListen,
  chooseListen,
  type Listen,
  type ListenFlags,
} from '../listen-address.ts';
import { managersOf } from '../managers.ts';
import { allowedKinds } from '../ocf/allowed-kinds.ts';
import { runAgent, type AgentOptions } from '../service.ts';

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
  const choice = choose(flags, find);
  await runDaemon('agent', find, (ports) => runAsChosen(choice, ports));
}

type Choice = Omit<AgentOptions, 'identity' | 'environment' | 'log' | 'onReady'> & {
  readonly files: IdentityFiles | undefined;
  readonly testId: string | undefined;
};

/** Throws at what would be unsafe, or was written wrong: before anything is begun. */
function choose(flags: Flags, find: FindSetting): Choice {
  const { name: host, ocfRoot, runDirectory, takeOver, testId, haloInsecure } = flags;
  const listen = chooseListen(flags, find);
  const managers = managersOf(flags.manager, find);
  const files = findIdentityFiles('agent', flags, find);
  const halo =
    flags.haloCompat === undefined ? undefined : chooseHaloListen(flags.haloCompat, listen);
  if (files === undefined && !flags.insecure) {
    refuseOpenNetwork(listen, '--insecure');
    if (halo !== undefined && !haloInsecure) refuseOpenNetwork(halo, '--halo-insecure');
  }
  return {
    host,
    ...listen,
    ...(managers && { managers }),
    ...(halo && { halo: { ...halo, isPlain: haloInsecure } }),
    allowKind: allowedKinds(flags.kinds, find),
    ocfRoot,
    runDirectory,
    takeOver,
    files,
    testId,
  };
}

async function runAsChosen(
  { files, testId, ...choice }: Choice,
  { log, signal, onReady }: DaemonPorts,
): Promise<void> {
  const { host, halo, managers } = choice;
  using _settling = giveBackOnceSettled(log);
  using identity = files && (await LiveIdentity.open(files, { role: 'agent', host }, log));
  using testIdentity =
    halo === undefined && testId === undefined ? undefined : openTestIdentity(testId, process.env);
  if (identity?.current.isForClients === true && managers === undefined) log.warn(TOO_GOOD);
  const environment = testIdentity?.environment ?? {};
  const parts = { ...(identity && { identity }), environment, log, onReady };
  await runAgent({ ...choice, ...parts }, signal);
}

function refuseOpenNetwork({ address, port }: Listen, flag: string): void {
  if (isLoopback(address) || isInOwnNetwork()) return;
  throw new AgentError(
    `Whoever reaches ${address}:${port} could run scripts as root. Give this host a certificate ` +
      `(aureole pki), or say ${flag} if only the manager reaches it.`,
    { code: 'agent-listen-insecure' },
    { effect: 'none' },
  );
}
