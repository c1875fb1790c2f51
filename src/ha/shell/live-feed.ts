// SPDX-License-Identifier: Apache-2.0
/**
 * The live view: server-sent events to a bounded number of readers. What waits for a reader is
 * bounded too; who reads too slowly is cut off and may come again, and nobody else waits for him.
 */
import type { ServerResponse } from 'node:http';
import type { EventView, Status } from '../contract.ts';
import type { DoorName } from '../door.ts';

/** Each door has its own, so that a crowd at one leaves the other free. */
const READERS_MAX: Readonly<Record<DoorName, number>> = { main: 64, view: 32 };
const BACKLOG_BYTES_MAX = 4 * 1_048_576;
const STATUS_EVERY_MS = 500;

export class LiveFeed implements Disposable {
  readonly #status: () => Status;
  readonly #readers = new Map<ServerResponse, DoorName>();
  /** They have not yet read what came before; only the newest status is worth sending. */
  readonly #lagging = new Set<ServerResponse>();
  #timer: NodeJS.Timeout | undefined;

  constructor(status: () => Status) {
    this.#status = status;
  }

  /** Begins with the status; false: there are too many readers, and nothing was written. */
  open(reader: ServerResponse, door: DoorName): boolean {
    const readers = this.#readers.values().filter((one) => one === door);
    if (readers.toArray().length >= READERS_MAX[door]) return false;
    this.#readers.set(reader, door);
    reader.on('close', () => {
      this.#readers.delete(reader);
      this.#lagging.delete(reader);
    });
    reader.on('drain', () => {
      if (this.#lagging.delete(reader)) put(reader, message('status', this.#status()));
    });
    reader.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    put(reader, message('status', this.#status()));
    return true;
  }

  events(events: readonly EventView[]): void {
    if (this.#readers.size === 0) return;
    for (const event of events) {
      const text = message('event', event);
      for (const reader of this.#readers.keys()) put(reader, text);
    }
  }

  /** Shown soon, together with what changes until then. */
  statusChanged(): void {
    if (this.#readers.size === 0 || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      const text = message('status', this.#status());
      for (const reader of this.#readers.keys())
        if (reader.writableNeedDrain) this.#lagging.add(reader);
        else put(reader, text);
    }, STATUS_EVERY_MS);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    for (const reader of this.#readers.keys()) reader.destroy();
  }
}

function message(name: 'status' | 'event', data: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}

function put(reader: ServerResponse, text: string): void {
  reader.write(text);
  if (reader.writableLength > BACKLOG_BYTES_MAX) reader.destroy();
}
