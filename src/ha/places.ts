// SPDX-License-Identifier: Apache-2.0
/** Where the manager's files are, for the manager itself and for commands that look at them: flag, setting, default. */
import { DEFAULT_PORT } from '../model/agent-port.ts';
import { portOf, type FindSetting } from '../runtime/settings.ts';

export const DEFAULT_CONFIG = '/etc/aureole/aureole.yaml';
export const DEFAULT_SOCKET = '/run/aureole/manager.sock';
export const DEFAULT_JOURNAL = '/var/lib/aureole/journal.db';

export function configPath(flag: string | undefined, find: FindSetting): string {
  return flag ?? find('AUREOLE_CONFIG', 'HALO_CONFIG')?.value ?? DEFAULT_CONFIG;
}

/** Undefined: nobody has said. */
export function namedSocket(flag: string | undefined, find: FindSetting): string | undefined {
  return flag ?? find('AUREOLE_SOCKET', 'HALO_SOCKET')?.value;
}

/** HALO's statefile is no journal: `aureole import halo-state` reads it. */
export function journalPath(flag: string | undefined, find: FindSetting): string {
  return flag ?? find('AUREOLE_JOURNAL')?.value ?? DEFAULT_JOURNAL;
}

/** Undefined: HALO's own default. */
export function haloStatefile(find: FindSetting): string | undefined {
  return find('HALO_STATEFILE', 'HALO_STATEFILE')?.value;
}

/** Of agents whose `hostname` names none. */
export function agentPort(find: FindSetting): number {
  return portOf(find('AUREOLE_PORT', 'HALO_PORT')) ?? DEFAULT_PORT;
}
