// SPDX-License-Identifier: Apache-2.0
/**
 * The manager's memory: what the machine saves, and the facts that people read. A step's saves and
 * facts are one transaction, on stable storage before the first command of that step goes out.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Epoch } from '../../agent/contract.ts';
import { messageOf } from '../../kernel/error.ts';
import type { Instant, Save, Saved } from '../../kernel/machine.ts';
import { EventView } from '../contract.ts';
import type { Fact } from '../core/messages.ts';
import { HaError } from '../errors.ts';
import { CLEARED, selectFacts, type EventQuery } from './journal-events.ts';
import { isDiskFull, openJournalFile } from './journal-file.ts';
import { Reserve } from './reserve.ts';

const FACTS_KEPT = 100_000;
const RESERVE_BYTES = 16 * 1_048_576;

export type ClearedBy = {
  readonly reason: string;
  readonly operator: string;
  readonly uid: number;
};

/** `at`: when it happened, if not now. */
export type TimedFact = Fact & { readonly at?: Instant };

export type JournalLimits = { readonly factsKept?: number; readonly reserveBytes?: number };

export class Journal implements Disposable {
  readonly epoch: Epoch;
  readonly #path: string;
  readonly #db: DatabaseSync;
  readonly #reserve: Reserve;
  readonly #factsKept: number;
  readonly #putSave: StatementSync;
  readonly #dropSave: StatementSync;
  readonly #putFact: StatementSync;
  readonly #dropFacts: StatementSync;
  #listener: (events: readonly EventView[]) => void = () => {};

  constructor(path: string, limits: JournalLimits = {}) {
    const reserve = new Reserve(`${path}.reserve`, limits.reserveBytes ?? RESERVE_BYTES);
    const { db, epoch, usesReserve } = openWithReserve(path, reserve);
    this.epoch = epoch;
    this.#path = path;
    this.#db = db;
    this.#factsKept = limits.factsKept ?? FACTS_KEPT;
    this.#reserve = reserve;
    this.#putSave = db.prepare('INSERT OR REPLACE INTO saves (key, value) VALUES (?, ?)');
    this.#dropSave = db.prepare('DELETE FROM saves WHERE key = ?');
    this.#putFact = db.prepare(
      `INSERT INTO facts
         (time, name, severity, host, "group", resource, text, operator, uid, outcome, reason)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING *`,
    );
    this.#dropFacts = db.prepare('DELETE FROM facts WHERE id <= ?');
    if (usesReserve) this.#write([], [RESERVE_USED], Date.now());
  }

  /** Why the journal needs an administrator, if it does. */
  get alarm(): string | undefined {
    if (this.#reserve.kept) return undefined;
    return `${this.#path}: its disk is full or nearly so, and the reserve is not kept: make room`;
  }

  /** Sees the facts of each commit. */
  onFacts(listener: (events: readonly EventView[]) => void): void {
    this.#listener = listener;
  }

  saved(): Saved {
    const rows = this.#db.prepare('SELECT key, value FROM saves ORDER BY key').all();
    return new Map(rows.map((row) => [String(row['key']), JSON.parse(String(row['value']))]));
  }

  /** Returns once all of it is on stable storage; what became of the facts. */
  commit(saves: readonly Save[], facts: readonly TimedFact[], now: Instant): readonly EventView[] {
    if (saves.length === 0 && facts.length === 0) return [];
    let events: readonly EventView[];
    try {
      events = this.#write(saves, facts, now);
    } catch (error) {
      events = this.#writeWithReserve(saves, facts, now, error);
    }
    this.#listener(events);
    return events;
  }

  #writeWithReserve(
    saves: readonly Save[],
    facts: readonly TimedFact[],
    now: Instant,
    error: unknown,
  ): readonly EventView[] {
    try {
      if (!isDiskFull(error) || !this.#reserve.release()) throw error;
      return this.#write(saves, [RESERVE_USED, ...facts], now);
    } catch (cause) {
      const why = messageOf(cause);
      throw new HaError(
        `${this.#path}: the journal could not be written (${why}); the manager may not act without a record`,
        { code: 'journal-not-written', path: this.#path },
        { effect: 'unknown', cause },
      );
    }
  }

  #write(saves: readonly Save[], facts: readonly TimedFact[], now: Instant): readonly EventView[] {
    this.#db.exec('BEGIN IMMEDIATE');
    try {
      for (const { key, value } of saves)
        if (value === undefined) this.#dropSave.run(key);
        else this.#putSave.run(key, JSON.stringify(value));
      const events = facts.map((fact) => this.#insert(fact, now));
      const newest = events.at(-1);
      if (newest !== undefined) this.#dropFacts.run(newest.id - this.#factsKept);
      this.#db.exec('COMMIT');
      return events;
    } catch (error) {
      // Some errors have already ended the transaction.
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      throw error;
    }
  }

  #insert(fact: TimedFact, now: Instant): EventView {
    const row = this.#putFact.get(
      new Date(fact.at ?? now).toISOString(),
      fact.name,
      fact.severity,
      fact.host ?? null,
      fact.group ?? null,
      fact.resource ?? null,
      fact.text,
      fact.operator ?? null,
      fact.uid ?? null,
      fact.outcome ?? null,
      fact.reason ?? null,
    );
    return eventOf(row ?? {});
  }

  /** Ascending by id. */
  events(query: EventQuery): readonly EventView[] {
    return selectFacts(this.#db, query).map(eventOf);
  }

  /** Older facts stay, and are no longer shown unasked. The id of the mark. */
  clear({ reason, ...operator }: ClearedBy, now: Instant): number {
    const mark: Fact = { name: CLEARED, severity: 'info', text: reason, ...operator };
    return this.commit([], [mark], now).at(-1)?.id ?? 0;
  }

  /** To be called now and then: makes the reserve, also again once there is room. */
  async tend(now: () => Instant): Promise<void> {
    if (this.#reserve.kept || !(await this.#reserve.ensure())) return;
    this.commit([], [RESERVE_MADE], now());
  }

  [Symbol.dispose](): void {
    this.#db.close();
  }
}

/** A manager that is started anew on a full disk is needed there as much as one that runs. */
function openWithReserve(
  path: string,
  reserve: Reserve,
): ReturnType<typeof openJournalFile> & { readonly usesReserve: boolean } {
  try {
    return { ...openJournalFile(path), usesReserve: false };
  } catch (error) {
    const isFull = error instanceof HaError && isDiskFull(error.cause);
    if (!isFull || !reserve.release()) throw error;
    return { ...openJournalFile(path), usesReserve: true };
  }
}

const RESERVE_USED: Fact = {
  name: 'ha.journal.reserve-used',
  severity: 'alarm',
  text: "the journal's disk is full; the reserve is in use now: make room",
};

const RESERVE_MADE: Fact = {
  name: 'ha.journal.reserve-made',
  severity: 'info',
  text: "the journal's reserve is there",
};

/** A row's columns are the view's fields; those that are absent are null in the file. */
function eventOf(row: Record<string, unknown>): EventView {
  return EventView.parse(
    Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)),
  );
}
