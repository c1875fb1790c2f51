// SPDX-License-Identifier: Apache-2.0
/**
 * Which hosts, groups and resources the words on a command line name. Hosts are nodesets. What has
 * the name of a group or resource is that one, whatever signs are in it. Several targets are looked
 * up first: one that nobody knows, and nothing is sent.
 */
import { AureoleError } from '../../kernel/error.ts';
import { parseNodeSet } from '../../model/node-set.ts';
import type { CommandContext } from '../../runtime/command.ts';
import type { HaApi } from '../client.ts';
import type { Status } from '../contract.ts';

export type TargetKind = 'host' | 'group' | 'host|group' | 'host|group|resource';

type Lookup = Pick<CommandContext<HaApi>, 'api' | 'signal'>;

/** Without doubles: hosts in the order of a nodeset, groups as they are written. */
export async function resolveTargets(
  kind: TargetKind,
  words: readonly string[],
  context: Lookup,
): Promise<readonly string[]> {
  if (kind === 'host') {
    const hosts = await resolveHosts(words, context);
    // The manager itself says best what it does not know of a single one.
    const isOne = words.length === 1 && hosts.length === 1 && hosts[0] === words[0];
    return isOne ? hosts : check(kind, hosts, await statusOf(context));
  }
  if (kind === 'group' && words.length === 1) return words;
  const status = await statusOf(context);
  if (kind === 'group') return check(kind, [...new Set(words)], status);
  const others = namesOf(kind === 'host|group' ? 'group' : 'group|resource', status);
  const isOther = (word: string): boolean => others.has(word);
  const nodeset = words.filter((word) => !isOther(word));
  const hosts = nodeset.length === 0 ? [] : await resolveHosts(nodeset, context);
  return check(kind, [...new Set([...words.filter(isOther), ...hosts])], status);
}

/** The hosts of one nodeset in several words; groups of the configuration are fetched if one is named. */
export async function resolveHosts(
  words: readonly string[],
  context: Lookup,
): Promise<readonly string[]> {
  const text = words.join(' ');
  const groups = text.includes('@') ? await context.api.nodeGroups(context.signal) : new Map();
  const hosts = parseNodeSet(text, groups);
  if (hosts.length > 0) return hosts;
  throw new AureoleError(`'${text}' names no host`, { code: 'usage' }, { effect: 'none' });
}

function statusOf({ api, signal }: Lookup): Promise<Status> {
  return api.status(signal);
}

function namesOf(kind: string, { hosts, groups }: Status): ReadonlySet<string> {
  const kinds = kind.split('|');
  return new Set([
    ...(kinds.includes('host') ? hosts.map(({ name }) => name) : []),
    ...(kinds.includes('group') ? groups.map(({ name }) => name) : []),
    ...(kinds.includes('resource')
      ? groups.flatMap(({ resources }) => resources.map(({ name }) => name))
      : []),
  ]);
}

const UNKNOWN_SHOWN_MAX = 10;

function check(kind: TargetKind, names: readonly string[], status: Status): readonly string[] {
  const known = namesOf(kind, status);
  const unknown = names.filter((name) => !known.has(name));
  if (unknown.length === 0) return names;
  const more =
    unknown.length > UNKNOWN_SHOWN_MAX ? ` and ${unknown.length - UNKNOWN_SHOWN_MAX} more` : '';
  const what = kind.split('|').join(' or ');
  throw new AureoleError(
    `no such ${what}: ${unknown.slice(0, UNKNOWN_SHOWN_MAX).join(', ')}${more}; nothing was sent`,
    { code: 'no-such-target' },
    { effect: 'none' },
  );
}
