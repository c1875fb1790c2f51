// SPDX-License-Identifier: Apache-2.0
/** `aureole manager`: the daemon that decides what runs where. */
import { Command, Option } from 'commander';
import { openLog } from '../../runtime/log.ts';
import { systemdNotifier, watchdogIntervalMs } from '../../runtime/systemd.ts';
import { runManager } from '../shell/service.ts';

type Flags = {
  readonly config: string;
  readonly socket: string;
  readonly journal: string;
  readonly manageResources: boolean;
  readonly insecure: boolean;
};

export function managerCommand(): Command {
  return new Command('manager')
    .description('Keep the resource groups running: watch the hosts, fail over, fence')
    .addOption(
      new Option('--config <file>', 'configuration')
        .env('AUREOLE_CONFIG')
        .default('/etc/aureole/aureole.yaml'),
    )
    .addOption(
      new Option('--socket <path>', 'where to serve the API')
        .env('AUREOLE_SOCKET')
        .default('/run/aureole/manager.sock'),
    )
    .addOption(
      new Option('--journal <file>', 'memory of the manager; on a local disk')
        .env('AUREOLE_JOURNAL')
        .default('/var/lib/aureole/journal.db'),
    )
    .option('--manage-resources', 'act, and not only watch, whatever ha.mode says', false)
    .option('--insecure', 'speak to agents on other hosts without TLS', false)
    .action(serve);
}

async function serve(flags: Flags): Promise<void> {
  const { log, flush } = openLog('manager');
  const notify = await systemdNotifier();
  const stop = new AbortController();
  const end = (): void => {
    notify('STOPPING=1');
    stop.abort();
  };
  process.once('SIGTERM', end);
  process.once('SIGINT', end);
  const intervalMs = watchdogIntervalMs();
  const watchdog = intervalMs && setInterval(() => notify('WATCHDOG=1'), intervalMs);
  try {
    const { config: configPath, socket: socketPath, journal: journalPath } = flags;
    const { manageResources, insecure } = flags;
    const onReady = (): void => notify('READY=1');
    await runManager(
      { configPath, socketPath, journalPath, manageResources, insecure, log, onReady },
      stop.signal,
    );
  } finally {
    clearInterval(watchdog);
    process.off('SIGTERM', end);
    process.off('SIGINT', end);
    flush();
  }
}
