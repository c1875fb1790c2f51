// SPDX-License-Identifier: Apache-2.0
/**
 * A daemon's identity while it runs: when its files change, or on SIGHUP, it is read anew, so that a
 * renewed certificate or a new revocation list takes no restart. New files that are no good change
 * nothing: the old identity is kept, and the log says why.
 */
import { statSync } from 'node:fs';
import { messageOf } from '../kernel/error.ts';
import type { Log } from './log.ts';
import type { IdentityFiles } from './tls-files.ts';
import { expiryWarning } from './tls-expiry.ts';
import { readIdentity, type Identity, type IdentityUse } from './tls-identity.ts';

const LOOK_EVERY_MS = 3_000;
const WARN_EVERY_MS = 86_400_000;

export class LiveIdentity implements Disposable {
  readonly #files: IdentityFiles;
  readonly #use: IdentityUse;
  readonly #log: Log;
  readonly #listeners: (() => void)[] = [];
  readonly #timers: readonly NodeJS.Timeout[];
  #current: Identity;
  /** What the files looked like when they were last read, and at the last look. */
  #read: string;
  #seen: string;
  #complaint: string | undefined;
  #wished = false;
  #isReading = false;

  /** Throws an AureoleError with the code `identity-unusable`. */
  static async open(files: IdentityFiles, use: IdentityUse, log: Log): Promise<LiveIdentity> {
    const seen = lookOf(files);
    return new LiveIdentity(files, use, log, await readIdentity(files, use), seen);
  }

  private constructor(
    files: IdentityFiles,
    use: IdentityUse,
    log: Log,
    current: Identity,
    seen: string,
  ) {
    this.#files = files;
    this.#use = use;
    this.#log = log;
    this.#current = current;
    this.#read = seen;
    this.#seen = seen;
    this.#timers = [
      setInterval(() => this.#look(), LOOK_EVERY_MS).unref(),
      setInterval(() => this.#warn(), WARN_EVERY_MS).unref(),
    ];
    process.on('SIGHUP', this.#reload);
    this.#warn();
  }

  get current(): Identity {
    return this.#current;
  }

  /** Told after each change. */
  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  [Symbol.dispose](): void {
    for (const timer of this.#timers) clearInterval(timer);
    process.off('SIGHUP', this.#reload);
  }

  /** Files are copied one after the other: they are read once they have stayed as they are. */
  #look(): void {
    const seen = lookOf(this.#files);
    if (seen === this.#seen && seen !== this.#read) this.#reload();
    this.#seen = seen;
  }

  /** One reading at a time; a wish during one has it repeated. */
  readonly #reload = (): void => {
    this.#wished = true;
    if (this.#isReading) return;
    this.#isReading = true;
    void this.#readWhileWished();
  };

  async #readWhileWished(): Promise<void> {
    while (this.#wished) {
      this.#wished = false;
      await this.#readAnew();
    }
    this.#isReading = false;
  }

  async #readAnew(): Promise<void> {
    const seen = lookOf(this.#files);
    const { cert } = this.#files;
    try {
      this.#current = await readIdentity(this.#files, this.#use);
    } catch (error) {
      // Tried again at each look: what begins in a minute by our clock is no good only until then.
      const text = messageOf(error);
      if (text === this.#complaint) return;
      this.#complaint = text;
      this.#log.error({ text }, 'the new certificate is not taken; the old one stays in use');
      return;
    }
    this.#read = seen;
    this.#complaint = undefined;
    const expires = new Date(this.#current.expiresAt).toISOString();
    this.#log.info({ cert, expires }, 'certificates were read anew');
    this.#warn();
    for (const listener of this.#listeners) listener();
  }

  #warn(): void {
    const { name, expiresAt } = this.#current;
    const text = expiryWarning(name, expiresAt, Date.now());
    if (text === undefined) return;
    this.#log.warn({ cert: this.#files.cert, text }, 'certificate ends soon');
  }
}

/** Changes whenever one of the files does. */
function lookOf({ cert, key, ca, crl }: IdentityFiles): string {
  return [cert, key, ca, ...(crl === undefined ? [] : [crl])].map(lookOfOne).join(', ');
}

function lookOfOne(path: string): string {
  try {
    const { ino, size, mtimeNs, mode } = statSync(path, { bigint: true });
    return `${ino} ${size} ${mtimeNs} ${mode}`;
  } catch (error) {
    // It is gone, or we may not look any more: told once it is read.
    return messageOf(error);
  }
}
