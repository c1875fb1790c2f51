// SPDX-License-Identifier: Apache-2.0
/** An authority in a temporary folder, made and used as an administrator does: by `aureole pki`. */
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatTime } from '../../src/pki/index-file.ts';

const MAIN = join(import.meta.dirname, '../../src/cli/main.ts');
const DEADLINE_MS = 60_000;

export type Pem = { readonly cert: string; readonly key: string; readonly ca: string };
export type Ended = {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
};

export class TestAuthority implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'aureole-pki-'));
  readonly directory = join(this.folder, 'ca');

  constructor() {
    this.pki('init');
  }

  /** Throws if it fails. */
  pki(verb: string, ...args: string[]): string {
    const { status, stdout, stderr } = this.tryPki(verb, ...args);
    if (status === 0) return stdout;
    throw new Error(`aureole pki ${verb} ${args.join(' ')}: ${status}: ${stderr}`);
  }

  tryPki(verb: string, ...args: string[]): Ended {
    return this.tryPkiIn({}, verb, ...args);
  }

  tryPkiIn(environment: Readonly<Record<string, string>>, ...args: string[]): Ended {
    const [verb = '', ...more] = args;
    const words = [MAIN, 'pki', verb, '--directory', this.directory, ...more];
    const env = { ...process.env, ...environment };
    const how = { env, cwd: this.folder, encoding: 'utf8', timeout: DEADLINE_MS } as const;
    return spawnSync(process.execPath, words, how);
  }

  /** The folder that is brought to a host, or to a manager. */
  path(role: 'host' | 'manager', name: string, file = ''): string {
    return join(this.directory, `${role}s`, name, file);
  }

  flags(role: 'host' | 'manager', name: string): string[] {
    const at = (file: string): string => this.path(role, name, file);
    const pair = ['--cert', at(`${role}.crt`), '--key', at(`${role}.key`)];
    return [...pair, '--ca', at('ca.crt'), '--crl', at('crl.pem')];
  }

  /** For connections of the test's own. */
  pem(role: 'host' | 'manager', name: string): Pem {
    const read = (file: string): string => readFileSync(this.path(role, name, file), 'utf8');
    return { cert: read(`${role}.crt`), key: read(`${role}.key`), ca: read('ca.crt') };
  }

  /** Like one of the authority's, but good for a time of the test's choice. */
  pemBetween(role: 'host' | 'manager', name: string, fromAt: number, toAt: number): Pem {
    this.#issueBetween(role, name, fromAt, toAt);
    const read = (file: string): string => readFileSync(join(this.folder, file), 'utf8');
    return {
      cert: read(`${name}.crt`),
      key: read(`${name}.key`),
      ca: readFileSync(join(this.directory, 'ca.crt'), 'utf8'),
    };
  }

  #issueBetween(role: 'host' | 'manager', name: string, fromAt: number, toAt: number): void {
    const at = (file: string): string => join(this.folder, file);
    copyFileSync(join(this.directory, 'crlnumber'), at('crlnumber'));
    writeFileSync(at('index.txt'), '');
    writeFileSync(at('index.txt.attr'), 'unique_subject = no\n');
    const names = `DNS:${name}`;
    const env = { ...process.env, AUTHORITY: this.directory, WORK: this.folder, NAMES: names };
    const config = ['-config', join(this.directory, 'openssl.cnf'), '-batch'];
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
    const subject = ['-subj', `/OU=${role}/CN=${name}`];
    const made = ['-keyout', at(`${name}.key`), '-out', at(`${name}.csr`)];
    const options = { env, stdio: 'ignore', timeout: DEADLINE_MS } as const;
    execFileSync('openssl', ['req', '-new', ...config, ...key, ...subject, ...made], options);
    const times = ['-startdate', formatTime(fromAt), '-enddate', formatTime(toAt)];
    const files = ['-notext', '-in', at(`${name}.csr`), '-out', at(`${name}.crt`)];
    execFileSync('openssl', ['ca', ...config, '-extensions', role, ...times, ...files], options);
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
