// SPDX-License-Identifier: Apache-2.0
/** What pages say alike: exit codes, environment, files. A test looks whether all of it is here. */
import { EXIT } from '../../../src/cli/exit.ts';

export type Entry = readonly [term: string, text: string];

/** Whom a page is about. */
export type About = 'all' | 'status' | 'command' | 'manager' | 'agent';

type Told = { readonly text: string; readonly about: readonly About[] };

const COMMANDS: readonly About[] = ['all', 'status', 'command'];
const DAEMONS: readonly About[] = ['all', 'manager', 'agent'];
const EVERYWHERE: readonly About[] = [...COMMANDS, 'manager', 'agent'];

const EXIT_TEXTS: Readonly<Record<keyof typeof EXIT, Told>> = {
  done: { text: 'Done.', about: EVERYWHERE },
  failed: { text: 'Failed.', about: EVERYWHERE },
  usage: {
    text: 'The words of the command line are wrong. Nothing was done.',
    about: EVERYWHERE,
  },
  refused: { text: 'Refused for safety. Nothing was done.', about: COMMANDS },
  unknown: {
    text: 'Nobody knows whether it was done: look before you repeat it.',
    about: COMMANDS,
  },
  unreachable: { text: 'The manager cannot be reached.', about: COMMANDS },
  degraded: {
    text: 'With --check: every group runs, but something wants a look.',
    about: ['all', 'status'],
  },
  down: { text: 'With --check: a group is not known to run.', about: ['all', 'status'] },
  unusable: {
    text: 'Somebody has to correct the configuration, the settings or the state first; systemd does not try again.',
    about: DAEMONS,
  },
};

const ENVIRONMENT: ReadonlyMap<string, Told> = new Map([
  ['AUREOLE_CONFIG', { text: 'The configuration of the manager.', about: ['all', 'manager'] }],
  ['AUREOLE_SOCKET', { text: "The manager's socket.", about: [...COMMANDS, 'manager'] }],
  ['AUREOLE_JOURNAL', { text: "The manager's memory.", about: ['all', 'manager'] }],
  [
    'AUREOLE_NET',
    {
      text: 'The network in which an agent listens, like 10.0.0.0/16.',
      about: ['all', 'agent'],
    },
  ],
  [
    'AUREOLE_PORT',
    {
      text: 'The port on which an agent listens, and that of hosts that name none.',
      about: DAEMONS,
    },
  ],
  [
    'AUREOLE_MANAGER',
    {
      text: 'Whose certificates may give orders to an agent: a nodeset.',
      about: ['all', 'agent'],
    },
  ],
  [
    'AUREOLE_KINDS',
    {
      text: 'Which OCF scripts an agent runs at all: heartbeat/ZFS,lustre/*.',
      about: ['all', 'agent'],
    },
  ],
  ['AUREOLE_CERT', { text: 'The certificate of the daemon.', about: DAEMONS }],
  ['AUREOLE_KEY', { text: 'The key of its certificate.', about: DAEMONS }],
  ['AUREOLE_CA', { text: 'Who signs all certificates.', about: DAEMONS }],
  ['AUREOLE_CRL', { text: 'Which certificates are revoked.', about: DAEMONS }],
  [
    'AUREOLE_LOG_LEVEL',
    { text: 'What the daemons log: error, warn, info or debug.', about: DAEMONS },
  ],
  ['OCF_ROOT', { text: 'The folder with resource.d.', about: ['all', 'agent'] }],
] satisfies readonly (readonly [string, Told])[]);

export const FILES: readonly Entry[] = [
  ['/etc/aureole/aureole.yaml', 'The configuration of the cluster, on the machine of the manager.'],
  ['/etc/aureole/pki', 'Certificates and keys of this machine: see aureole-pki(1).'],
  [
    '/etc/sysconfig/aureole, /etc/default/aureole',
    'Settings, where the environment says nothing: the variables above, one to a line. The second one on Debian. HALO_* variables and /etc/sysconfig/halo are understood where neither says anything.',
  ],
  ['/run/aureole', "The manager's socket, and the agent's memory of this boot."],
  ['/var/lib/aureole', 'The journal of the manager. Back it up together with /etc/aureole.'],
];

export function exitsOf(about: About): readonly Entry[] {
  const codes = new Map<string, number>(Object.entries(EXIT));
  return Object.entries(EXIT_TEXTS)
    .filter(([, told]) => told.about.includes(about))
    .map(([name, { text }]): Entry => [String(codes.get(name)), text]);
}

export function environmentOf(about: About): readonly Entry[] {
  return [...ENVIRONMENT]
    .filter(([, told]) => told.about.includes(about))
    .map(([name, { text }]): Entry => [name, text]);
}
