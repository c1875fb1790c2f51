// SPDX-License-Identifier: Apache-2.0
/** `aureole manager`: the daemon that decides what runs where. */
import { Command } from 'commander';
import { runDaemon } from '../../runtime/daemon.ts';
import { settings } from '../../runtime/settings.ts';
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

const STATEFILE_UNUSED = "HALO's statefile is not used; `aureole import halo-state` takes it over";

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
  const statefile = haloStatefile(find);
  const { manageResources, insecure } = flags;
  const options = {
    configPath: configPath(flags.config, find),
    socketPath: namedSocket(flags.socket, find) ?? DEFAULT_SOCKET,
    journalPath: journalPath(flags.journal, find),
    agentPort: agentPort(find),
    manageResources,
    insecure,
    identityFiles: findIdentityFiles('manager', flags, find),
  };
  await runDaemon('manager', find, async ({ log, onReady, signal }) => {
    if (statefile !== undefined) log.info({ statefile }, STATEFILE_UNUSED);
    await runManager({ ...options, log, onReady }, signal);
  });
}
