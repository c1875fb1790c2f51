// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { needs } from '../../../test/needs.ts';
import type { Fact } from '../core/messages.ts';
import { HaError } from '../errors.ts';
import { Journal } from './journal.ts';

function scratch(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'aureole-journal-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** A disk of that size; undefined where root may not mount, as in many a container. */
function smallDisk(t: TestContext, size: string): string | undefined {
  const directory = mkdtempSync(join(tmpdir(), 'aureole-journal-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'none', directory]);
  } catch {
    rmSync(directory, { recursive: true });
    t.skip('mounting is not allowed here');
    return undefined;
  }
  t.after(() => {
    execFileSync('umount', [directory]);
    rmSync(directory, { recursive: true });
  });
  return directory;
}

const fact = (name: string, more: Partial<Fact> = {}): Fact => ({
  name,
  severity: 'info',
  text: 'why',
  ...more,
});

const code = (expected: string) => (error: unknown) =>
  error instanceof HaError && error.details.code === expected;

test('what was saved is there after a restart, and what was deleted is not', (t) => {
  const path = join(scratch(t), 'new', 'journal.db');
  {
    using journal = new Journal(path);
    journal.commit([{ key: 'host/oss1', value: { armed: true } }], [], 0);
    journal.commit(
      [
        { key: 'host/oss1', value: undefined },
        { key: 'host/oss2', value: [1] },
      ],
      [],
      0,
    );
  }
  using journal = new Journal(path);
  assert.deepEqual([...journal.saved()], [['host/oss2', [1]]]);
});

test('each opening raises the epoch of the same journal, and a new journal has an id of its own', (t) => {
  const directory = scratch(t);
  const epochs = ['a', 'a', 'b'].map((name) => {
    using journal = new Journal(join(directory, name));
    return journal.epoch;
  });
  const [first = 0, second = 0] = epochs.map(({ number }) => number);
  assert.ok(second > first);
  assert.equal(epochs[0]?.journal, epochs[1]?.journal);
  assert.notEqual(epochs[0]?.journal, epochs[2]?.journal);
});

test('a step is written whole or not at all, also when the manager is killed', (t) => {
  const path = join(scratch(t), 'journal.db');
  const program = `
    import { Journal } from ${JSON.stringify(import.meta.resolve('./journal.ts'))};
    const journal = new Journal(process.argv[1]);
    const fact = { name: 'one', severity: 'info', text: '' };
    journal.commit([{ key: 'intent', value: 1 }], [fact], 0);
    try {
      journal.commit([{ key: 'intent', value: 2 }], [{ ...fact, text: undefined }], 0);
    } catch {}
    process.kill(process.pid, 'SIGKILL');`;
  assert.throws(() => execFileSync(process.execPath, ['--input-type=module', '-e', program, path]));
  using journal = new Journal(path);
  assert.deepEqual([...journal.saved()], [['intent', 1]]);
  assert.equal(journal.events({ limit: 10 }).length, 1);
});

test('a second manager is refused while the first one holds the journal', (t) => {
  const path = join(scratch(t), 'journal.db');
  using first = new Journal(path);
  assert.throws(() => new Journal(path), code('journal-in-use'));
  first.commit([{ key: 'still', value: 'works' }], [], 0);
});

test('a file that is not a journal is refused and left as it is', (t) => {
  const path = join(scratch(t), 'notes.txt');
  writeFileSync(path, 'milk, eggs and a good many other things\n'.repeat(50));
  const before = readFileSync(path);
  assert.throws(() => new Journal(path), code('journal-unusable'));
  assert.deepEqual(readFileSync(path), before);
});

test("another program's database and a newer journal are refused and left as they are", (t) => {
  const directory = scratch(t);
  const foreign = join(directory, 'foreign.db');
  using other = new DatabaseSync(foreign);
  other.exec('CREATE TABLE songs (name TEXT)');
  other.close();
  const newer = join(directory, 'newer.db');
  new Journal(newer)[Symbol.dispose]();
  using future = new DatabaseSync(newer);
  future.exec('PRAGMA user_version = 99');
  future.close();
  for (const [path, why] of [
    [foreign, /another program/],
    [newer, /newer version/],
  ] as const) {
    const before = readFileSync(path);
    assert.throws(() => new Journal(path), why);
    assert.deepEqual(readFileSync(path), before);
  }
});

test('a damaged journal is refused', (t) => {
  const path = join(scratch(t), 'journal.db');
  {
    using journal = new Journal(path);
    journal.commit([{ key: 'long', value: 'x'.repeat(20_000) }], [], 0);
  }
  const bytes = readFileSync(path);
  bytes.fill(0xa5, 4_096, 12_288);
  writeFileSync(path, bytes);
  assert.throws(() => new Journal(path), code('journal-unusable'));
});

test('facts are paged, found by name, and only the newest are kept', (t) => {
  using journal = new Journal(join(scratch(t), 'journal.db'), { factsKept: 5 });
  for (let i = 1; i <= 8; i++)
    journal.commit([], [fact(`n${i}`, i % 2 === 0 ? { host: 'oss1' } : { group: 'ost0' })], i);
  const ids = (query: Parameters<Journal['events']>[0]) =>
    journal.events(query).map((event) => event.id);
  assert.deepEqual(ids({ limit: 100 }), [4, 5, 6, 7, 8]);
  assert.deepEqual(ids({ limit: 2 }), [7, 8]);
  assert.deepEqual(ids({ limit: 2, before: 7 }), [5, 6]);
  assert.deepEqual(ids({ limit: 2, after: 4 }), [5, 6]);
  assert.deepEqual(ids({ limit: 100, hosts: ['oss1'] }), [4, 6, 8]);
  assert.deepEqual(ids({ limit: 100, about: 'ost0' }), [5, 7]);
  assert.deepEqual(journal.events({ limit: 1 })[0], {
    id: 8,
    time: '1970-01-01T00:00:00.008Z',
    name: 'n8',
    severity: 'info',
    host: 'oss1',
    text: 'why',
  });
});

test('a journal of the layout before is carried over, and its facts are found', (t) => {
  const path = join(scratch(t), 'journal.db');
  using old = new DatabaseSync(path);
  old.exec(`
    CREATE TABLE meta (journal TEXT NOT NULL, epoch INTEGER NOT NULL) STRICT;
    CREATE TABLE saves (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
    CREATE TABLE facts (
      id INTEGER PRIMARY KEY AUTOINCREMENT, time TEXT NOT NULL, name TEXT NOT NULL,
      severity TEXT NOT NULL, host TEXT, "group" TEXT, resource TEXT, text TEXT NOT NULL,
      operator TEXT) STRICT;
    INSERT INTO meta VALUES ('mine', 7);
    INSERT INTO saves VALUES ('host/oss1', '1');
    INSERT INTO facts (time, name, severity, host, text) VALUES ('2026-01-01T00:00:00.000Z', 'n', 'info', 'oss1', '');
    PRAGMA application_id = 0x41555245; PRAGMA user_version = 1`);
  old.close();
  using journal = new Journal(path);
  assert.equal(journal.epoch.journal, 'mine');
  assert.deepEqual([...journal.saved()], [['host/oss1', 1]]);
  assert.equal(journal.events({ hosts: ['oss1'], limit: 10 }).length, 1);
  journal.commit([], [fact('later', { operator: 'eve', uid: 1000 })], 0);
  const { operator, uid } = journal.events({ limit: 1 })[0] ?? {};
  assert.deepEqual({ operator, uid }, { operator: 'eve', uid: 1000 });
});

test(
  'when the disk is full the reserve is given up, the step is recorded, and it is made again later',
  { skip: needs({ root: true, programs: ['mount'] }) },
  async (t) => {
    const directory = smallDisk(t, '4m');
    if (directory === undefined) return;
    using journal = new Journal(join(directory, 'journal.db'), { reserveBytes: 1_048_576 });
    await journal.tend(Date.now);
    assert.equal(statSync(join(directory, 'journal.db.reserve')).size, 1_048_576);
    assert.equal(journal.alarm, undefined);

    const ballast = join(directory, 'ballast');
    fillDisk(ballast);
    for (let i = 0; journal.alarm === undefined; i++) {
      assert.ok(i < 1_000, 'the disk should have been full long ago');
      journal.commit([{ key: `k${i}`, value: 'x'.repeat(2_000) }], [fact('step')], 0);
    }
    assert.match(journal.alarm, /make room/);
    const names = journal.events({ limit: 2 }).map((event) => event.name);
    assert.deepEqual(names, ['ha.journal.reserve-used', 'step']);

    await journal.tend(Date.now);
    assert.ok(!existsSync(join(directory, 'journal.db.reserve')), 'no room for it yet');
    rmSync(ballast);
    await journal.tend(Date.now);
    assert.equal(journal.alarm, undefined);
  },
);

test(
  'on a full disk a journal is opened with its reserve, and without one it is not, for now',
  { skip: needs({ root: true, programs: ['mount'] }) },
  async (t) => {
    const directory = smallDisk(t, '4m');
    if (directory === undefined) return;
    const path = join(directory, 'journal.db');
    {
      using first = new Journal(path, { reserveBytes: 1_048_576 });
      await first.tend(Date.now);
    }
    fillDisk(join(directory, 'ballast'));
    {
      using second = new Journal(path, { reserveBytes: 1_048_576 });
      assert.equal(second.events({ limit: 1 })[0]?.name, 'ha.journal.reserve-used');
    }
    fillDisk(join(directory, 'more'));
    assert.throws(() => new Journal(path), code('journal-not-written'));
  },
);

test(
  'with the disk full and no reserve left, a step that cannot be recorded is refused',
  { skip: needs({ root: true, programs: ['mount'] }) },
  (t) => {
    const directory = smallDisk(t, '1m');
    if (directory === undefined) return;
    using journal = new Journal(join(directory, 'journal.db'));
    const big = { key: 'big', value: 'x'.repeat(2_000_000) };
    assert.throws(() => journal.commit([big], [], 0), code('journal-not-written'));
    assert.deepEqual([...journal.saved()], []);
  },
);

function fillDisk(path: string): void {
  try {
    for (let i = 0; ; i++) writeFileSync(path, Buffer.alloc(4_096), { flag: 'a' });
  } catch (error) {
    assert.match(String(error), /ENOSPC/);
  }
}
