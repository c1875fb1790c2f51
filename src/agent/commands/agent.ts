// SPDX-License-Identifier: Apache-2.0
/** `aureole agent`: the daemon of each host. */
import { hostname } from 'node:os';
import { isIPv4 } from 'node:net';
import { Command, InvalidArgumentError, Option } from 'commander';
import { openLog } from '../../runtime/log.ts';
import { systemdNotifier, watchdogIntervalMs } from '../../runtime/systemd.ts';
import { DEFAULT_PORT } from '../contract.ts';
import { AgentError } from '../errors.ts';
import { runAgent } from '../service.ts';

type Listen = { readonly address: string; readonly port: number };

type Flags = {
  readonly name: string;
  readonly listen: Listen;
  readonly ocfRoot: string;
  readonly runDirectory: string;
  readonly takeOver: boolean;
  readonly insecure: boolean;
};

const LOOPBACK: Listen = { address: '127.0.0.1', port: DEFAULT_PORT };

export function agentCommand(): Command {
  return new Command('agent')
    .description('Run OCF scripts on this host for the manager, and tell it how they are')
    .option('--name <host>', 'name of this host in the configuration', hostname())
    .addOption(
      new Option('--listen <address:port>', 'where to serve the API')
        .argParser(parseListen)
        .default(LOOPBACK, `${LOOPBACK.address}:${LOOPBACK.port}`),
    )
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
  const { address, port } = flags.listen;
  if (!isLoopback(address) && !flags.insecure) {
    throw new AgentError(
      `Whoever reaches ${address}:${port} could run scripts as root. Listen on a loopback address, ` +
        'or say --insecure if only the manager reaches it.',
      { code: 'agent-listen-insecure' },
      { effect: 'none' },
    );
  }
  const { log, flush } = openLog('agent');
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

/** `ADDRESS:PORT`, `ADDRESS` or `[IPv6]:PORT`. */
export function parseListen(text: string): Listen {
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const address = bracketed ?? plain;
  const port = digits === undefined ? DEFAULT_PORT : Number(digits);
  if (address === undefined || port > 65_535) {
    throw new InvalidArgumentError('Give it as ADDRESS:PORT, for instance 10.0.0.1:8000.');
  }
  return { address, port };
}

function isLoopback(address: string): boolean {
  return (isIPv4(address) && address.startsWith('127.')) || ['::1', 'localhost'].includes(address);
}
