// SPDX-License-Identifier: Apache-2.0
/** `aureole pki`: an authority for the cluster, and what it issues. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { styleText } from 'node:util';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { Look } from '../../runtime/command.ts';
import { Authority, DEFAULT_AUTHORITY, FOLDER_OF } from '../authority.ts';
import { telling, wrongUse } from '../errors.ts';
import { currentOf, type Role } from '../index-file.ts';
import { initAuthority } from '../init.ts';
import { issue, renew, revoke, type Issued } from '../issue.ts';
import { parseNames, requireName } from '../names.ts';
import { renderRows, rowsOf } from '../show.ts';
import { stepsAfterIssue, stepsAfterRevoke } from '../steps.ts';

type Place = { readonly directory: string };
type Terms = Place & { readonly days: number };
type RenewFlags = Terms & { readonly also: readonly string[] };
type IssueFlags = RenewFlags & { readonly manager?: string };
type ShowFlags = Place & { readonly json: boolean; readonly check: boolean };

const EXAMPLES = `
Examples:
  aureole pki init
  aureole pki issue oss[1-4],mds1 --manager mgmt1
  aureole pki renew oss1
  aureole pki show --check`;
const AUTHORITY_DAYS = 3_650;
const HOST_DAYS = 825;
const DAYS_MAX = 36_500;

export function pkiCommand(): Command {
  const pki = new Command('pki')
    .description('Make certificates for the hosts and the manager')
    .addHelpText('after', EXAMPLES);
  pki
    .addCommand(
      command('init', 'Make an authority, whose key signs all certificates')
        .addOption(days(AUTHORITY_DAYS))
        .action(telling(runInit)),
    )
    .addCommand(
      command('issue', 'Make certificates for hosts, or for a manager')
        .argument('[nodeset]', 'hosts, by their names in the configuration')
        .option('--manager <nodeset>', 'machines that a manager runs on')
        .addOption(further('a further name in each of them; may be repeated'))
        .addOption(days(HOST_DAYS))
        .action(telling(runIssue)),
    )
    .addCommand(
      command('renew', 'Make new certificates in the place of present ones, which stay good')
        .argument('<nodeset>', 'hosts and managers')
        .addOption(further('one more name beside those that they have; may be repeated'))
        .addOption(days(HOST_DAYS))
        .action(telling(runRenew)),
    )
    .addCommand(
      command('revoke', 'Take all certificates of a name back')
        .argument('<nodeset>', 'hosts and managers')
        .action(telling(runRevoke)),
    )
    .addCommand(
      command('show', 'Show what was issued, and until when it is good')
        .option('--json', 'as JSON', false)
        .option('--check', 'end with 1 if one is expired', false)
        .action(telling(runShow)),
    );
  return pki;
}

function command(name: string, description: string): Command {
  const place = new Option('--directory <folder>', 'of the authority')
    .default(DEFAULT_AUTHORITY)
    // openssl is run elsewhere.
    .argParser((folder) => resolve(folder));
  return new Command(name).description(description).addOption(place);
}

function days(usual: number): Option {
  return new Option('--days <count>', 'how long they are good').default(usual).argParser((text) => {
    const count = /^\d{1,5}$/.test(text) ? Number(text) : 0;
    if (count >= 1 && count <= DAYS_MAX) return count;
    throw new InvalidArgumentError(`Write a whole number from 1 to ${DAYS_MAX}.`);
  });
}

function further(description: string): Option {
  return new Option('--also <name>', description)
    .default([])
    .argParser((name, before: readonly string[]): readonly string[] => [...before, name]);
}

async function runInit({ directory, days: count }: Terms): Promise<void> {
  await initAuthority(directory, count);
  say(`${directory} is an authority. Keep it off the hosts: who has its key commands them all.`);
}

async function runIssue(hosts: string | undefined, flags: IssueFlags): Promise<void> {
  const wished = [...wishesOf('host', hosts), ...wishesOf('manager', flags.manager)];
  if (wished.length === 0) throw wrongUse('name hosts, or a manager with --manager');
  const also = flags.also.map(requireName);
  using authority = new Authority(flags.directory);
  const present = currentOf(authority.issued());
  const issued: Issued[] = [];
  try {
    for (const { role, name } of wished) {
      const isThere = existsSync(authority.path(FOLDER_OF[role], name));
      if (isThere && present.some((one) => one.role === role && one.name === name)) {
        note(`${name} has one already: aureole pki renew ${name} makes another`);
      } else {
        issued.push(await issue(authority, { role, name, also, days: flags.days }));
      }
    }
  } finally {
    // Also of those before the one that failed.
    if (issued.length > 0) say(stepsAfterIssue(flags.directory, issued));
  }
}

function wishesOf(role: Role, nodeset: string | undefined): { role: Role; name: string }[] {
  return nodeset === undefined ? [] : parseNames(nodeset).map((name) => ({ role, name }));
}

async function runRenew(nodeset: string, flags: RenewFlags): Promise<void> {
  const names = parseNames(nodeset);
  const more = flags.also.map(requireName);
  using authority = new Authority(flags.directory);
  requirePresent(names, authority);
  const issued: Issued[] = [];
  try {
    for (const name of names)
      issued.push(...(await renew(authority, name, { days: flags.days, also: more })));
  } finally {
    if (issued.length > 0) say(stepsAfterIssue(flags.directory, issued));
  }
}

async function runRevoke(nodeset: string, flags: Place): Promise<void> {
  const names = parseNames(nodeset);
  using authority = new Authority(flags.directory);
  requirePresent(names, authority);
  for (const name of names) {
    const count = await revoke(authority, name);
    say(`${name}: ${count} ${count === 1 ? 'certificate' : 'certificates'} revoked`);
  }
  say(stepsAfterRevoke(flags.directory));
}

/** Before the first of them is touched. */
function requirePresent(names: readonly string[], authority: Authority): void {
  const present = new Set(currentOf(authority.issued()).map(({ name }) => name));
  const missing = names.filter((name) => !present.has(name));
  if (missing.length === 0) return;
  throw wrongUse(`${missing.join(', ')}: no certificate that is not revoked already`);
}

function runShow({ directory, json, check }: ShowFlags): void {
  const rows = rowsOf(directory, Date.now());
  const look: Look = {
    paint: (style, text) => styleText(style, text, { stream: process.stdout }),
  };
  say(json ? JSON.stringify(rows, null, 2) : renderRows(rows, look));
  if (check && rows.some(({ state }) => state === 'expired')) process.exitCode = 1;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function note(text: string): void {
  process.stderr.write(`${text}\n`);
}
