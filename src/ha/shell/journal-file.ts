// SPDX-License-Identifier: Apache-2.0
/**
 * Opens the journal's file: one SQLite database that exactly one manager holds. A file that is not
 * ours, is damaged or comes from a newer version is refused before anything in it is changed.
 */
import { randomUUID } from 'node:crypto';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Epoch } from '../../agent/contract.ts';
import { messageOf } from '../../kernel/error.ts';
import { HaError } from '../errors.ts';
import { FACT_INDICES } from './journal-events.ts';

/** "AURE", in the header of the file. */
const APPLICATION_ID = 0x41555245;

/** What leads from each layout to the next one; a new file begins with the first. Their number is the layout. */
const LAYOUTS = [
  `CREATE TABLE meta (journal TEXT NOT NULL, epoch INTEGER NOT NULL) STRICT;
   CREATE TABLE saves (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
   CREATE TABLE facts (
     id INTEGER PRIMARY KEY AUTOINCREMENT, time TEXT NOT NULL, name TEXT NOT NULL,
     severity TEXT NOT NULL, host TEXT, "group" TEXT, resource TEXT, text TEXT NOT NULL,
     operator TEXT) STRICT;
   PRAGMA application_id = ${APPLICATION_ID};`,
  `ALTER TABLE facts ADD COLUMN uid INTEGER;
   ALTER TABLE facts ADD COLUMN outcome TEXT;
   ALTER TABLE facts ADD COLUMN reason TEXT;
   ${FACT_INDICES}`,
];

/** Also takes the exclusive lock, which the process keeps until it closes the file or ends. */
export function openJournalFile(path: string): { db: DatabaseSync; epoch: Epoch } {
  let db: DatabaseSync | undefined;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o750 });
    closeSync(openSync(path, 'a', 0o600));
    db = new DatabaseSync(path, { timeout: 0 });
    db.exec('PRAGMA locking_mode = EXCLUSIVE');
    const layout = recognise(db, path);
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
    return { db, epoch: raiseEpoch(db, layout) };
  } catch (error) {
    db?.close();
    throw explained(error, path);
  }
}

/** Its layout, 0 for a new, empty file; throws for one that is not a journal that we can read. */
function recognise(db: DatabaseSync, path: string): number {
  const application = pragma(db, 'application_id');
  const layout = Number(pragma(db, 'user_version'));
  const { tables } = db.prepare('SELECT count(*) AS tables FROM sqlite_schema').get() ?? {};
  if (application === 0 && layout === 0 && tables === 0) return layout;
  if (application !== APPLICATION_ID)
    throw unusable(path, 'it is a database of another program; name another file with --journal');
  if (layout > LAYOUTS.length)
    throw unusable(
      path,
      `it was written by a newer version (layout ${layout}, known ${LAYOUTS.length}); install that version`,
    );
  const check = pragma(db, 'quick_check');
  if (check !== 'ok')
    throw unusable(
      path,
      `it is damaged (${String(check)}); restore it from a backup, or move it away`,
    );
  return layout;
}

/** Durable before it is used: no two runs ever speak with the same number. */
function raiseEpoch(db: DatabaseSync, layout: number): Epoch {
  db.exec('BEGIN IMMEDIATE');
  for (const step of LAYOUTS.slice(layout)) db.exec(step);
  db.exec(`PRAGMA user_version = ${LAYOUTS.length}`);
  if (layout === 0) db.prepare('INSERT INTO meta (journal, epoch) VALUES (?, 0)').run(randomUUID());
  // By the clock, and never back: two copies of one journal that are both opened do not count alike.
  db.prepare('UPDATE meta SET epoch = max(epoch + 1, ?)').run(Date.now());
  const meta = db.prepare('SELECT journal, epoch FROM meta').get();
  db.exec('COMMIT');
  return { journal: String(meta?.['journal']), number: Number(meta?.['epoch']) };
}

function pragma(db: DatabaseSync, name: string): unknown {
  return Object.values(db.prepare(`PRAGMA ${name}`).get() ?? {})[0];
}

function unusable(path: string, why: string, cause?: unknown): HaError {
  const message = `${path}: this journal cannot be used: ${why}`;
  return new HaError(message, { code: 'journal-unusable', path }, { effect: 'none', cause });
}

/** Primary result codes of SQLite, see https://sqlite.org/rescode.html */
const SQLITE_BUSY = 5;
const SQLITE_IOERR = 10;
const SQLITE_CORRUPT = 11;
const SQLITE_FULL = 13;
const SQLITE_NOTADB = 26;

function explained(error: unknown, path: string): HaError {
  if (error instanceof HaError) return error;
  const code = sqliteCode(error);
  if (code === SQLITE_BUSY)
    return new HaError(
      `${path}: another manager uses this journal; stop it first, or give this one its own --journal`,
      { code: 'journal-in-use', path },
      { effect: 'none', cause: error },
    );
  const why = messageOf(error);
  // Not unusable: whoever restarts the manager is to go on trying until there is room.
  if (isDiskFull(error))
    return new HaError(
      `${path}: the journal could not be written (${why}): make room on its disk, or mend it`,
      { code: 'journal-not-written', path },
      { effect: 'none', cause: error },
    );
  if (code === SQLITE_NOTADB)
    return unusable(path, 'it is not a journal; name another file with --journal', error);
  if (code === SQLITE_CORRUPT)
    return unusable(
      path,
      `it is damaged (${why}); restore it from a backup, or move it away`,
      error,
    );
  return unusable(path, why, error);
}

/** The disk has no room, or what looks like it from here: then the reserve is worth a try. */
export function isDiskFull(error: unknown): boolean {
  const code = sqliteCode(error);
  return code === SQLITE_FULL || code === SQLITE_IOERR;
}

function sqliteCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error)) return undefined;
  return typeof error.errcode === 'number' ? error.errcode & 0xff : undefined;
}
