// SPDX-License-Identifier: Apache-2.0
/**
 * Which facts of the journal a question is about. It is put together from ranges of indices, each
 * already in the order of the answer: they are merged, and the reading ends with the last one that is
 * wanted, however many there are.
 */
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import type { EventView } from '../contract.ts';

export type EventQuery = {
  /** Only ids below this one, the newest of them. */
  readonly before?: number | undefined;
  /** Only ids above this one, the oldest of them. */
  readonly after?: number | undefined;
  /** Instants in ISO 8601, UTC, in milliseconds, both included. */
  readonly since?: string | undefined;
  readonly until?: string | undefined;
  /** At least so severe. */
  readonly severity?: EventView['severity'] | undefined;
  /** Only what came after the last clear. */
  readonly uncleared?: boolean | undefined;
  /** Any of these. */
  readonly hosts?: readonly string[] | undefined;
  readonly group?: string | undefined;
  /** Only events of these names, of whatever hosts and groups. */
  readonly names?: readonly string[] | undefined;
  /** The name of a host, group or resource. */
  readonly about?: string | undefined;
  readonly limit: number;
};

/** So many that SQLite still merges them. */
export const HOSTS_ASKED_MAX = 128;

export const CLEARED = 'ha.events.cleared';

/** One range for each index, ended by the severity: so that no alarm is looked for among a million other facts. */
export const FACT_INDICES = `
  CREATE INDEX facts_by_severity ON facts (severity);
  CREATE INDEX facts_by_host ON facts (host, severity);
  CREATE INDEX facts_by_group ON facts ("group", severity);
  CREATE INDEX facts_by_resource ON facts (resource, severity);
  CREATE INDEX facts_by_time ON facts (time);
  CREATE INDEX facts_by_name ON facts (name, severity);
`;

const SEVERITIES = ['info', 'warning', 'alarm'] as const;

type Condition = { readonly sql: string; readonly values: readonly SQLInputValue[] };

/** Rows, ascending by id. */
export function selectFacts(db: DatabaseSync, query: EventQuery): Record<string, unknown>[] {
  const all = joined([...bounds(db, query), ...filters(query)]);
  const ranges = rangesOf(query).map((range) => joined([range, all]));
  const matching = ranges.map(({ sql }) => `SELECT id FROM facts WHERE ${sql}`).join(' UNION ');
  const order = query.after === undefined ? 'DESC' : 'ASC';
  return db
    .prepare(
      `SELECT * FROM facts WHERE id IN (${matching} ORDER BY id ${order} LIMIT ?) ORDER BY id`,
    )
    .all(...ranges.flatMap(({ values }) => values), query.limit);
}

/** Each row is in one of them, or in several. */
function rangesOf({ severity, names, hosts, group, about }: EventQuery): readonly Condition[] {
  const named =
    about !== undefined
      ? ['host', '"group"', 'resource'].map((column) => equal(column, about))
      : names !== undefined
        ? names.map((name) => equal('name', name))
        : hosts !== undefined
          ? hosts.map((host) => equal('host', host))
          : group === undefined
            ? []
            : [equal('"group"', group)];
  if (named.length === 0 && severity === undefined) return [{ sql: 'true', values: [] }];
  const wanted = SEVERITIES.slice(SEVERITIES.indexOf(severity ?? 'info'));
  const severities = wanted.map((one) => equal('severity', one));
  if (named.length === 0) return severities;
  return named.flatMap((name) => severities.map((one) => joined([name, one])));
}

/** The plus keeps the group from being looked up by its own index, beside the host's. */
function filters({ hosts, group, about }: EventQuery): readonly Condition[] {
  if (group === undefined || (hosts === undefined && about === undefined)) return [];
  return [equal('+"group"', group)];
}

function bounds(db: DatabaseSync, query: EventQuery): readonly Condition[] {
  const { before, after, since, until, uncleared } = query;
  return [
    ...(before === undefined ? [] : [{ sql: 'id < ?', values: [before] }]),
    ...(after === undefined ? [] : [{ sql: 'id > ?', values: [after] }]),
    ...(uncleared === true ? [{ sql: 'id > ?', values: [lastClear(db)] }] : []),
    ...(since === undefined && until === undefined ? [] : between(db, since, until)),
  ];
}

function lastClear(db: DatabaseSync): number {
  const row = db.prepare('SELECT max(id) AS id FROM facts WHERE name = ?').get(CLEARED);
  return Number(row?.['id'] ?? 0);
}

/** A clock that was set back leaves ids and times in different orders: both are compared. */
function between(db: DatabaseSync, since = '', until = '~'): readonly Condition[] {
  const row = db
    .prepare('SELECT min(id) AS first, max(id) AS last FROM facts WHERE time BETWEEN ? AND ?')
    .get(since, until);
  const { first, last } = row ?? {};
  return [
    { sql: 'id BETWEEN ? AND ?', values: [Number(first ?? 1), Number(last ?? 0)] },
    { sql: '+time BETWEEN ? AND ?', values: [since, until] },
  ];
}

function equal(column: string, value: string): Condition {
  return { sql: `${column} = ?`, values: [value] };
}

function joined(conditions: readonly Condition[]): Condition {
  const sql = conditions.map((condition) => condition.sql).join(' AND ') || 'true';
  return { sql, values: conditions.flatMap(({ values }) => values) };
}
