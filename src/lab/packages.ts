// SPDX-License-Identifier: Apache-2.0
/**
 * Which of Debian's packages the demo, the tests and the benches need, and their installation.
 *
 * A package counts as there when its programs are: a machine that has them from elsewhere needs
 * nothing. Nothing is installed without a yes on a terminal, but with CI=true. No package starts
 * its own daemon: the tests start what they need, where they need it.
 */
import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { withoutServiceStarts } from './service-policy.ts';

export type Purpose = (typeof ALL)[number];

export type DebianPackage = {
  readonly name: string;
  readonly why: string;
  readonly purposes: readonly Purpose[];
  /** Programs (looked for in PATH and the sbin folders) or absolute paths. */
  readonly files: readonly string[];
  /** A service that the package switches on for the next boot, and nobody asked for. */
  readonly service?: string;
};

const ALL = ['demo', 'test', 'bench', 'chaos'] as const;
const APT_ERROR = 100;
const OCF = '/usr/lib/ocf/resource.d/heartbeat';

export const PACKAGES: readonly DebianPackage[] = [
  {
    name: 'resource-agents',
    why: 'the OCF scripts Filesystem, IPaddr2 and Dummy',
    purposes: ALL,
    files: [`${OCF}/Filesystem`, `${OCF}/IPaddr2`, `${OCF}/Dummy`],
  },
  {
    name: 'fence-agents',
    why: 'the fence programs fence_ipmilan, fence_powerman and fence_redfish',
    purposes: ALL,
    files: ['fence_ipmilan', 'fence_powerman', 'fence_redfish'],
  },
  {
    name: 'openipmi',
    why: 'ipmi_sim, a BMC for each host',
    purposes: ALL,
    files: ['ipmi_sim'],
    service: 'openipmi',
  },
  { name: 'ipmitool', why: 'used by fence_ipmilan', purposes: ALL, files: ['ipmitool'] },
  {
    name: 'nftables',
    why: 'nft, for a network that loses what is sent',
    purposes: ['test', 'chaos'],
    files: ['nft'],
  },
  {
    name: 'corosync',
    why: 'the membership of the cluster that is measured beside',
    purposes: ['bench'],
    files: ['corosync', 'corosync-cfgtool'],
    service: 'corosync',
  },
  {
    name: 'pacemaker',
    why: 'the cluster that is measured beside',
    purposes: ['bench'],
    files: ['pacemakerd'],
    service: 'pacemaker',
  },
  {
    name: 'pacemaker-cli-utils',
    why: 'crm_mon, crm_standby and crmadmin, which ask and order it',
    purposes: ['bench'],
    files: ['crm_mon', 'crm_standby', 'crmadmin'],
  },
  { name: 'crmsh', why: 'crm, which configures it', purposes: ['bench'], files: ['crm'] },
  {
    name: 'powerman',
    why: 'powermand, a power distribution unit',
    purposes: ['test'],
    files: ['powermand', 'powerman'],
  },
  {
    name: 'clustershell',
    why: 'nodeset, which says what nodesets mean',
    purposes: ['test'],
    files: ['nodeset'],
  },
  {
    name: 'capnproto',
    why: "capnp, for a peer of the agent's HALO interface",
    purposes: ['test'],
    files: ['capnp'],
  },
  {
    name: 'libcapnp-dev',
    why: 'the libraries of that peer',
    purposes: ['test'],
    files: ['/usr/include/capnp/ez-rpc.h'],
  },
  { name: 'g++', why: 'its compiler', purposes: ['test'], files: ['g++'] },
  {
    name: 'openssh-server',
    why: 'sshd, for aureole discover',
    purposes: ['test'],
    files: ['/usr/sbin/sshd'],
    service: 'ssh',
  },
  {
    name: 'openssh-client',
    why: 'ssh and ssh-keygen',
    purposes: ['test'],
    files: ['ssh', 'ssh-keygen'],
  },
  { name: 'openssl', why: 'certificates of the hosts', purposes: ALL, files: ['openssl'] },
  { name: 'psmisc', why: 'fuser, used by Filesystem', purposes: ALL, files: ['fuser'] },
  { name: 'kmod', why: 'modprobe, asked for by Filesystem', purposes: ALL, files: ['modprobe'] },
  { name: 'iproute2', why: 'ip, for networks and IPaddr2', purposes: ALL, files: ['ip'] },
  {
    name: 'e2fsprogs',
    why: 'mkfs.ext4 for the shared disks',
    purposes: ALL,
    files: ['mkfs.ext4'],
  },
  {
    name: 'util-linux',
    why: 'unshare, nsenter and setpriv for the hosts',
    purposes: ALL,
    files: ['unshare', 'nsenter', 'setpriv', 'flock'],
  },
  { name: 'mount', why: 'mount and losetup', purposes: ALL, files: ['mount', 'losetup'] },
  {
    name: 'rpm',
    why: 'rpmbuild, for the packages that are shipped',
    purposes: ['test'],
    files: ['rpmbuild', 'rpm2cpio'],
  },
  { name: 'cpio', why: 'to look into .rpm files', purposes: ['test'], files: ['cpio'] },
  {
    name: 'systemd',
    why: 'systemd-analyze, which checks the units',
    purposes: ['test'],
    files: ['systemd-analyze'],
  },
  { name: 'mandoc', why: 'checks the manual pages', purposes: ['test'], files: ['mandoc'] },
  {
    name: 'bash-completion',
    why: 'completion as bash has it',
    purposes: ['test'],
    files: ['/usr/share/bash-completion/bash_completion'],
  },
  { name: 'zsh', why: 'completion as zsh has it', purposes: ['test'], files: ['zsh'] },
  { name: 'fish', why: 'completion as fish has it', purposes: ['test'], files: ['fish'] },
];

/** Offers to install what is missing; answers with what is missing then, having said so. */
export async function ensurePackages(purpose: Purpose): Promise<readonly DebianPackage[]> {
  const missing = missingPackages(purpose);
  if (missing.length === 0) return missing;
  process.stdout.write(`The ${purpose} needs Debian packages that are not installed:\n`);
  for (const { name, why } of missing) process.stdout.write(`  ${name.padEnd(16)} ${why}\n`);
  const refusal = await refusalToInstall();
  if (refusal !== undefined) {
    process.stdout.write(`Nothing is installed: ${refusal}. What needs them is left out.\n`);
    return missing;
  }
  await installPackages(missing);
  return missingPackages(purpose);
}

export function missingPackages(purpose: Purpose): readonly DebianPackage[] {
  return PACKAGES.filter(
    ({ purposes, files }) => purposes.includes(purpose) && !files.every(isThere),
  );
}

async function refusalToInstall(): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return 'only root may do that';
  if (!isThere('apt-get')) return 'there is no apt-get on this machine';
  if (process.env['CI'] === 'true') return undefined;
  if (!process.stdin.isTTY) return 'there is no terminal to ask on (CI=true installs unasked)';
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    const answer = await terminal.question('Install them with apt-get now? [Y/n] ');
    return /^\s*(y|yes)?\s*$/i.test(answer) ? undefined : 'as you say';
  } finally {
    terminal.close();
  }
}

/** Installs with apt-get. A failure leaves them missing; apt has said why. */
export async function installPackages(packages: readonly DebianPackage[]): Promise<void> {
  const install = ['install', '--yes', '--no-install-recommends', ...packages.map((p) => p.name)];
  await withoutServiceStarts(async () => {
    // The lists of a fresh machine may be empty or old: try with what is there, then renew them.
    if ((await apt(install)) === APT_ERROR && (await apt(['update'])) === 0) await apt(install);
  });
  for (const { service, files } of packages) {
    if (service !== undefined && files.every(isThere))
      await run('update-rc.d', [service, 'disable']);
  }
}

function apt(args: readonly string[]): Promise<number> {
  return run('apt-get', ['--quiet', ...args]);
}

/** The exit status; the output is the operator's to read. */
function run(program: string, args: readonly string[]): Promise<number> {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  return new Promise((resolve) => {
    const child = spawn(program, args, { env, stdio: ['ignore', 'inherit', 'inherit'] });
    child.once('error', () => resolve(127));
    child.once('exit', (code) => resolve(code ?? 128));
  });
}

function isThere(file: string): boolean {
  if (file.startsWith('/')) return isExecutable(file);
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return folders.some((folder) => folder !== '' && isExecutable(join(folder, file)));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
