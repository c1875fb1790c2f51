// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import fc from 'fast-check';
import type { EventView } from '../contract.ts';
import type { Fact } from '../core/messages.ts';
import { CLEARED, type EventQuery } from './journal-events.ts';
import { Journal } from './journal.ts';

function journalPath(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'aureole-events-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return join(directory, 'journal.db');
}

const SEVERITIES = ['info', 'warning', 'alarm'] as const;
const fact = (more: Partial<Fact>): Fact => ({ name: 'n', severity: 'info', text: '', ...more });
const at = (ms: number): string => new Date(ms).toISOString();

/** What is asked for, told in the plainest way. */
function matching(all: readonly EventView[], query: EventQuery): readonly EventView[] {
  const { before, after, since, until, severity, uncleared, hosts, group, about } = query;
  const cleared = all.findLast(({ name }) => name === CLEARED)?.id ?? 0;
  const found = all.filter(
    (event) =>
      (before === undefined || event.id < before) &&
      (after === undefined || event.id > after) &&
      (since === undefined || event.time >= since) &&
      (until === undefined || event.time <= until) &&
      SEVERITIES.indexOf(event.severity) >= SEVERITIES.indexOf(severity ?? 'info') &&
      (uncleared !== true || event.id > cleared) &&
      (hosts === undefined || (event.host !== undefined && hosts.includes(event.host))) &&
      (group === undefined || event.group === group) &&
      (about === undefined || [event.host, event.group, event.resource].includes(about)),
  );
  return after === undefined ? found.slice(-query.limit) : found.slice(0, query.limit);
}

const maybe = <T>(values: readonly T[]): fc.Arbitrary<T | undefined> =>
  fc.option(fc.constantFrom(...values), { nil: undefined });
const NAMES = ['a', 'b'] as const;
const ANY_FACT = fc
  .record({
    name: fc.constantFrom('n', 'n', 'n', CLEARED),
    severity: fc.constantFrom(...SEVERITIES),
    host: maybe(NAMES),
    group: maybe(NAMES),
    resource: maybe(NAMES),
  })
  .map(({ host, group, resource, ...own }) =>
    fact({ ...own, ...(host && { host }), ...(group && { group }), ...(resource && { resource }) }),
  );
// The clock may have been set back in between.
const ANY_FACTS = fc.array(fc.tuple(ANY_FACT, fc.nat(9)), { maxLength: 12 });
const ANY_NAMED = fc.oneof(
  fc.record({ about: maybe(NAMES) }),
  fc.record({
    hosts: fc.option(fc.array(fc.constantFrom(...NAMES), { minLength: 1 }), { nil: undefined }),
    group: maybe(NAMES),
  }),
);
const ANY_QUERY = fc
  .record({
    before: fc.option(fc.nat(12), { nil: undefined }),
    after: fc.option(fc.nat(12), { nil: undefined }),
    since: fc.option(fc.nat(9).map(at), { nil: undefined }),
    until: fc.option(fc.nat(9).map(at), { nil: undefined }),
    severity: maybe(SEVERITIES),
    uncleared: maybe([true, false]),
    limit: fc.integer({ min: 1, max: 5 }),
  })
  .chain((bounds) => ANY_NAMED.map((named) => ({ ...bounds, ...named })));

test('a question finds what it describes, in order, and no more than was asked for', (t) => {
  const path = journalPath(t);
  fc.assert(
    fc.property(ANY_FACTS, ANY_QUERY, (facts, query) => {
      rmSync(path, { force: true });
      using journal = new Journal(path, { reserveBytes: 1 });
      const all = facts.flatMap(([one, ms]) => journal.commit([], [one], ms));
      assert.deepEqual(journal.events(query), matching(all, query));
    }),
    { numRuns: 60 },
  );
});

test('what was cleared is still there, and the mark tells who did it', (t) => {
  using journal = new Journal(journalPath(t));
  journal.commit([], [fact({ text: 'old' })], 0);
  const mark = journal.clear({ reason: 'seen', operator: 'eve', uid: 1000 }, 1);
  journal.commit([], [fact({ text: 'new' })], 2);
  const texts = (query: Omit<EventQuery, 'limit'>) =>
    journal.events({ ...query, limit: 10 }).map(({ text }) => text);
  assert.deepEqual(texts({ uncleared: true }), ['new']);
  assert.deepEqual(texts({}), ['old', 'seen', 'new']);
  const [event] = journal.events({ after: mark - 1, limit: 1 });
  assert.deepEqual([event?.name, event?.operator, event?.uid], [CLEARED, 'eve', 1000]);
});

/** Two thousand facts of each millisecond; the first one of them all is an alarm of a host of its own. */
function fill(path: string, count: number): void {
  using db = new DatabaseSync(path);
  db.prepare(
    `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
     INSERT INTO facts (time, name, severity, host, "group", text)
     SELECT '1970-01-01T00:00:00.' || format('%03d', i / 2000) || 'Z', 'n',
       iif(i = 0, 'alarm', 'info'), iif(i = 0, 'rare', 'oss' || i % 40), 'ost' || i % 80,
       hex(zeroblob(40)) FROM n`,
  ).run(count - 1);
}

const RUNS = 10;

/** In time of this thread: what else the machine does meanwhile does not count. Of several runs, since it is told in large steps. */
function costMs(run: () => void): number {
  const before = process.threadCpuUsage();
  for (let i = 0; i < RUNS; i += 1) run();
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1_000 / RUNS;
}

test('the newest ten of a large journal are found without reading all of it', (t) => {
  const path = journalPath(t);
  new Journal(path)[Symbol.dispose]();
  fill(path, 200_000);
  using journal = new Journal(path, { factsKept: 1_000_000 });
  const all = Array.from({ length: 100 }, (_, i) => `oss${i}`);
  const questions: EventQuery[] = [
    { limit: 10 },
    { limit: 10, severity: 'alarm' },
    { limit: 10, hosts: ['oss7'], severity: 'warning' },
    { limit: 10, hosts: all },
    { limit: 10, about: 'rare' },
    { limit: 10, group: 'ost3', before: 5_000 },
    { limit: 10, uncleared: true },
    { limit: 10, since: at(19), until: at(19) },
    { limit: 10, hosts: ['rare'], until: at(5) },
  ];
  for (const query of questions) {
    const ms = costMs(() => journal.events(query));
    t.diagnostic(`${JSON.stringify(query).slice(0, 80)}: ${ms.toFixed(2)} ms`);
    // Reading all of them takes longer than that on any machine.
    assert.ok(ms < 25, `${JSON.stringify(query)} took ${ms} ms`);
  }
});
