// SPDX-License-Identifier: Apache-2.0
/**
 * What HALO's records mean for the journal: the flags that its manager would have at its next start,
 * and its history. A host that HALO has fenced is not armed until `reset`; that is no evidence of
 * anything being off.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Save, Saved } from '../../kernel/machine.ts';
import { printableLine } from '../../model/printable.ts';
import type { ClusterSpec } from '../core/spec.ts';
import { HALO_FENCE } from '../halo/words.ts';
import { CLEARED } from '../shell/journal-events.ts';
import type { TimedFact } from '../shell/journal.ts';
import type { HaloEvent, HaloRecord } from './halo-records.ts';

export type HaloPlan = {
  readonly saves: readonly Save[];
  readonly facts: readonly TimedFact[];
  /** In words, one for each object that has a flag. */
  readonly flags: readonly string[];
  /** Objects that the configuration does not have, and whose flags are left out. */
  readonly unknown: readonly string[];
};

/** Remembered in the journal, to know the same file again when it has grown. */
const Imported = z.object({ records: z.int(), digest: z.string() });
const IMPORTED_KEY = 'import/halo-state';
const COMMENT_CHARACTERS_MAX = 1_024;

export type NewRecords =
  | { readonly type: 'new'; readonly records: readonly HaloRecord[] }
  | { readonly type: 'all-known' }
  /** Another file was imported, or this one has been changed since. */
  | { readonly type: 'other-file' };

/** What was not imported before. */
export function findNew(records: readonly HaloRecord[], saved: Saved): NewRecords {
  const before = Imported.safeParse(saved.get(IMPORTED_KEY)).data;
  if (before === undefined) return { type: 'new', records };
  if (digestOf(records.slice(0, before.records)) !== before.digest) return { type: 'other-file' };
  const added = records.slice(before.records);
  return added.length === 0 ? { type: 'all-known' } : { type: 'new', records: added };
}

/** `added`: the part of `records` that was not imported before. */
export function planImport(
  records: readonly HaloRecord[],
  added: readonly HaloRecord[],
  spec: ClusterSpec,
  saved: Saved,
): HaloPlan {
  const sorted = added.toSorted((a, b) => (a.order < b.order ? -1 : Number(a.order > b.order)));
  const flags = new Map(sorted.map((record) => [flagOf(record), record]));
  flags.delete(undefined);
  const known = [...flags.values()].filter((record) => isKnown(record, spec));
  const changes = Map.groupBy(known, keyOf);
  const imported = { records: records.length, digest: digestOf(records) };
  return {
    saves: [
      ...[...changes].map(([key, settings]) => ({ key, value: changed(key, settings, saved) })),
      { key: IMPORTED_KEY, value: imported },
    ],
    facts: sorted.map((record) => factOf(record)),
    flags: known.map((record) => `${keyOf(record).replace('/', ' ')}: ${WORDS[record.event]}`),
    unknown: [
      ...new Set([...flags.values()].filter((record) => !isKnown(record, spec)).map(keyOf)),
    ],
  };
}

const WORDS: Readonly<Record<HaloEvent, string>> = {
  manage: 'managed',
  unmanage: 'unmanaged',
  activate: 'active',
  deactivate: 'deactivated',
  fence: 'not armed, since HALO has fenced it: `aureole reset` arms it again',
  reset: 'armed',
  clear: 'events cleared',
};

const FLAGS: Readonly<Record<HaloEvent, 'managed' | 'active' | 'armed' | undefined>> = {
  manage: 'managed',
  unmanage: 'managed',
  activate: 'active',
  deactivate: 'active',
  fence: 'armed',
  reset: 'armed',
  clear: undefined,
};

/** Which flag of which object it sets. */
function flagOf({ event, object }: HaloRecord): string | undefined {
  const flag = FLAGS[event];
  return flag && `${flag} ${object}`;
}

function isOfGroup(event: HaloEvent): boolean {
  return FLAGS[event] === 'managed';
}

/** As the machine calls its record. */
function keyOf({ event, object }: HaloRecord): string {
  return isOfGroup(event) ? `group/${object}` : `host/${object}`;
}

function isKnown({ event, object }: HaloRecord, spec: ClusterSpec): boolean {
  return isOfGroup(event) ? spec.groups.has(object) : spec.hosts.has(object);
}

const MachineRecord = z.looseObject({});
const FRESH = {
  host: { active: true, trust: [] },
  group: { managed: true, failures: [], ran: [], doubts: [] },
} as const;

/** The machine's record of the object, with its flags as HALO had them. */
function changed(key: string, settings: readonly HaloRecord[], saved: Saved): unknown {
  const fresh = key.startsWith('group/') ? FRESH.group : FRESH.host;
  const record = new Map(Object.entries(MachineRecord.parse(saved.get(key) ?? fresh)));
  for (const { event, at } of settings) {
    if (isOfGroup(event)) record.set('managed', event === 'manage');
    else if (event === 'fence') record.set('fencedAt', at);
    else if (event === 'reset') record.delete('fencedAt');
    else record.set('active', event === 'activate');
  }
  return Object.fromEntries(record);
}

/** Under the names that the same events have here, so that they are found beside ours. */
function factOf({ event, object, comment, at }: HaloRecord): TimedFact {
  const reason = printableLine(comment).slice(0, COMMENT_CHARACTERS_MAX);
  const text = reason === '' ? 'imported from HALO' : `${reason} (imported from HALO)`;
  if (event === 'clear') return { at, name: CLEARED, severity: 'info', text };
  if (event === 'fence') return { at, name: HALO_FENCE, severity: 'warning', text, host: object };
  const about = isOfGroup(event) ? { group: object } : { host: object };
  const told = { text, outcome: 'done', reason } as const;
  return { at, name: `ha.order.${event}`, severity: 'info', ...told, ...about };
}

function digestOf(records: readonly HaloRecord[]): string {
  const hash = createHash('sha256');
  for (const { order, event, object, comment } of records) {
    hash.update(JSON.stringify([order, event, object, comment]));
  }
  return hash.digest('hex');
}
