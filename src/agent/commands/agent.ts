// SPDX-License-Identifier: Apache-2.0
/** `aureole agent`: the daemon of each host. */
import { hostname } from 'node:os';
import { isIPv4 } from 'node:net';
import { Command, Option } from 'commander';
import { logLevelOf, openLog } from '../../runtime/log.ts';
import { settings } from '../../runtime/settings.ts';
import { systemdNotifier, watchdogIntervalMs } from '../../runtime/systemd.ts';
import { AgentError } from '../errors.ts';
import { chooseListen, type ListenFlags } from '../listen-address.ts';
import { runAgent } from '../service.ts';

type Flags = ListenFlags & {
  readonly name: string;
  readonly ocfRoot: string;
  readonly runDirectory: string;
  readonly takeOver: boolean;
  readonly insecure: boolean;
};

export function agentCommand(): Command {
  return new Command('agent')
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
    .option('--insecure', 'serve others than this host without TLS', false)
    .action(serve);
}

async function serve(flags: Flags): Promise<void> {
  const find = settings();
  const { address, port } = chooseListen(flags, find);
  if (!isLoopback(address) && !flags.insecure) {
    throw new AgentError(
      `Whoever reaches ${address}:${port} could run scripts as root. Listen on a loopback address, ` +
        'or say --insecure if only the manager reaches it.',
      { code: 'agent-listen-insecure' },
      { effect: 'none' },
    );
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
    const onListening = (): void => notify('READY=1');
    await runAgent(
      { host, address, port, ocfRoot, runDirectory, takeOver, log, onListening },
      stop.signal,
    );
  } finally {
    process.off('SIGTERM', end);
    process.off('SIGINT', end);
    flush();
  }
}

function isLoopback(address: string): boolean {
  return (isIPv4(address) && address.startsWith('127.')) || ['::1', 'localhost'].includes(address);
}
