// SPDX-License-Identifier: Apache-2.0
/** `aureole manager`: the daemon that decides what runs where. */
import { Command } from 'commander';
import { logLevelOf, openLog } from '../../runtime/log.ts';
import { settings } from '../../runtime/settings.ts';
import { systemdNotifier, watchdogIntervalMs } from '../../runtime/systemd.ts';
import { findIdentityFiles, tlsOptions, type IdentityFiles } from '../../runtime/tls-files.ts';
import {
  agentPort,
  configPath,
  DEFAULT_CONFIG,
  DEFAULT_JOURNAL,
  DEFAULT_SOCKET,
  haloStatefile,
  journalPath,
  namedSocket,
} from '../places.ts';
import { runManager } from '../shell/service.ts';

type Flags = Partial<IdentityFiles> & {
  readonly config?: string;
  readonly socket?: string;
  readonly journal?: string;
  readonly manageResources: boolean;
  readonly insecure: boolean;
};

export function managerCommand(): Command {
  const command = new Command('manager')
    .description('Keep the resource groups running: watch the hosts, fail over, fence')
    .option('--config <file>', `configuration (default: $AUREOLE_CONFIG, else ${DEFAULT_CONFIG})`)
    .option(
      '--socket <path>',
      `where to serve the API (default: $AUREOLE_SOCKET, else ${DEFAULT_SOCKET})`,
    )
    .option(
      '--journal <file>',
      `memory of the manager; on a local disk (default: $AUREOLE_JOURNAL, else ${DEFAULT_JOURNAL})`,
    )
    .option('--manage-resources', 'act, and not only watch, whatever ha.mode says', false)
    .option('--insecure', 'speak to agents on other hosts without TLS', false);
  for (const option of tlsOptions('manager')) command.addOption(option);
  return command.action(serve);
}

async function serve(flags: Flags): Promise<void> {
  const find = settings();
  const { log, flush } = openLog('manager', logLevelOf(find));
  const statefile = haloStatefile(find);
  if (statefile !== undefined) {
    log.info(
      { statefile },
      "HALO's statefile is not used; `aureole import halo-state` takes it over",
    );
  }
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
    const { manageResources, insecure } = flags;
    await runManager(
      {
        configPath: configPath(flags.config, find),
        socketPath: namedSocket(flags.socket, find) ?? DEFAULT_SOCKET,
        journalPath: journalPath(flags.journal, find),
        agentPort: agentPort(find),
        manageResources,
        insecure,
        identityFiles: findIdentityFiles('manager', flags, find),
        log,
        onReady: () => notify('READY=1'),
      },
      stop.signal,
    );
  } finally {
    clearInterval(watchdog);
    process.off('SIGTERM', end);
    process.off('SIGINT', end);
    flush();
  }
}
