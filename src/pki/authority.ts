// SPDX-License-Identifier: Apache-2.0
/**
 * An authority: a folder with its key, its register, its revocation list and what it has issued.
 *
 *     ca.key ca.crt crl.pem index.txt crlnumber certificates/SERIAL.pem
 *     hosts/NAME      -> ../issued/SERIAL: all that a host needs (host.crt host.key ca.crt crl.pem)
 *     managers/NAME   -> the same for a manager (manager.crt manager.key ca.crt crl.pem)
 *
 * A change is made in a folder beside, and becomes true by one rename. One at a time: whoever changes
 * holds the lock, which ends with the process. What a crash left behind goes with the next change.
 */
import { X509Certificate } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  copyFileSync,
  fsyncSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { messageOf } from '../kernel/error.ts';
import { failed, wrongUse } from './errors.ts';
import { parseIndex, type IssuedCertificate } from './index-file.ts';

export const DEFAULT_AUTHORITY = '/etc/aureole/ca';
export const FOLDER_OF = { host: 'hosts', manager: 'managers' } as const;

const WORK_PREFIX = '.work-';

export class Authority implements Disposable {
  readonly directory: string;
  readonly #lock: DatabaseSync;

  /** Throws a PkiError if there is none, or somebody else changes it. */
  constructor(directory: string) {
    this.directory = directory;
    requireAuthority(directory);
    this.#lock = takeLock(directory);
    this.#sweep();
  }

  issued(): readonly IssuedCertificate[] {
    return readIssued(this.directory);
  }

  /** A folder for one change, with copies of what `openssl ca` writes to; it vanishes in the end. */
  work(): Disposable & { readonly path: string } {
    const path = mkdtempSync(join(this.directory, WORK_PREFIX));
    for (const name of ['index.txt', 'crlnumber']) copyFileSync(this.path(name), join(path, name));
    writeFileSync(join(path, 'index.txt.attr'), 'unique_subject = no\n');
    return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
  }

  path(...names: string[]): string {
    return join(this.directory, ...names);
  }

  [Symbol.dispose](): void {
    this.#sweep();
    this.#lock.close();
  }

  /** What no name leads to any more: changes that came to no end, and keys that were replaced. */
  #sweep(): void {
    const { directory } = this;
    for (const name of readdirSync(directory)) {
      if (name.startsWith(WORK_PREFIX)) rmSync(join(directory, name), { recursive: true });
    }
    const used = new Set(
      Object.values(FOLDER_OF).flatMap((folder) =>
        readdirSync(join(directory, folder)).map((name) =>
          linkedFrom(join(directory, folder, name)),
        ),
      ),
    );
    for (const serial of readdirSync(join(directory, 'issued'))) {
      if (!used.has(`../issued/${serial}`)) {
        rmSync(join(directory, 'issued', serial), { recursive: true });
      }
    }
  }
}

/** Also without the lock: each change of the register is one rename. */
export function readIssued(directory: string): readonly IssuedCertificate[] {
  requireAuthority(directory);
  return parseIndex(readFileSync(join(directory, 'index.txt'), 'utf8'));
}

export function readOwnCertificate(directory: string): X509Certificate {
  requireAuthority(directory);
  return new X509Certificate(readFileSync(join(directory, 'ca.crt')));
}

/** On disk under its final name, or not at all. */
export function publish(from: string, to: string, mode: number): void {
  chmodSync(from, mode);
  const file = openSync(from, 'r');
  fsyncSync(file);
  closeSync(file);
  renameSync(from, to);
}

function requireAuthority(directory: string): void {
  try {
    readFileSync(join(directory, 'ca.crt'));
    readFileSync(join(directory, 'index.txt'));
  } catch (cause) {
    const isMissing = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
    throw isMissing
      ? wrongUse(
          `there is no authority in ${directory}: aureole pki init makes one, --directory names another`,
        )
      : failed(`the authority in ${directory} cannot be read: ${messageOf(cause)}`, cause);
  }
}

function takeLock(directory: string): DatabaseSync {
  const path = join(directory, 'lock');
  let lock: DatabaseSync | undefined;
  try {
    closeSync(openSync(path, 'a', 0o600));
    lock = new DatabaseSync(path, { timeout: 0 });
    lock.exec('BEGIN EXCLUSIVE');
    return lock;
  } catch (cause) {
    lock?.close();
    const text = messageOf(cause);
    const isHeld = text === 'database is locked';
    throw failed(
      isHeld
        ? `${directory} is being changed by another aureole pki: try again when that has ended`
        : `${directory} cannot be written: ${text}`,
      cause,
    );
  }
}

function linkedFrom(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

/** Copies the present list to each folder that is brought to a host. */
export function spreadRevocations(authority: Authority): void {
  const list = authority.path('crl.pem');
  for (const serial of readdirSync(authority.path('issued'))) {
    const draft = authority.path('issued', serial, '.crl.pem');
    copyFileSync(list, draft);
    publish(draft, authority.path('issued', serial, 'crl.pem'), 0o644);
  }
}

/** The folders of a new authority. */
export function makeFolders(directory: string): void {
  for (const name of ['certificates', 'issued', ...Object.values(FOLDER_OF)]) {
    mkdirSync(join(directory, name), { mode: 0o700 });
  }
}
