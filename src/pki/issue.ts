// SPDX-License-Identifier: Apache-2.0
/** Issues, renews and revokes. A certificate stands in the register before anybody can use it. */
import { X509Certificate } from 'node:crypto';
import { copyFileSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';
import {
  FOLDER_OF,
  publish,
  readOwnCertificate,
  spreadRevocations,
  type Authority,
} from './authority.ts';
import { failed, wrongUse } from './errors.ts';
import { currentOf, formatTime, type Role } from './index-file.ts';
import { openssl } from './openssl.ts';

export type Wish = {
  readonly role: Role;
  readonly name: string;
  /** Further names in the certificate. */
  readonly also: readonly string[];
  readonly days: number;
};

export type Issued = { readonly role: Role; readonly name: string; readonly folder: string };

const DAY_MS = 86_400_000;
const EC_P256 = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'];

export async function issue(authority: Authority, wish: Wish): Promise<Issued> {
  const { role, name } = wish;
  using work = authority.work();
  const at = (file: string): string => join(work.path, file);
  const names = [...new Set([name, ...wish.also])].map(alternativeName).join(',');
  const places = { authority: authority.directory, work: work.path, names };
  const config = ['-config', authority.path('openssl.cnf'), '-batch'];
  const subject = `/OU=${role}/CN=${name}`;
  const key = ['-nodes', '-keyout', at('new.key'), '-subj', subject, '-out', at('new.csr')];
  await openssl(['req', ...config, '-new', ...EC_P256, ...key], places);
  const end = endOf(authority, wish.days);
  const terms = ['-extensions', role, '-enddate', formatTime(end), '-notext'];
  const files = ['-in', at('new.csr'), '-out', at('new.crt')];
  await openssl(['ca', ...config, ...terms, ...files], places);
  const { serialNumber } = new X509Certificate(readFileSync(at('new.crt')));
  const folder = at('folder');
  mkdirSync(folder, { mode: 0o700 });
  publish(at('new.key'), join(folder, `${role}.key`), 0o600);
  publish(at('new.crt'), join(folder, `${role}.crt`), 0o644);
  for (const file of ['ca.crt', 'crl.pem']) {
    copyFileSync(authority.path(file), at(file));
    publish(at(file), join(folder, file), 0o644);
  }
  copyFileSync(join(folder, `${role}.crt`), at('kept.pem'));
  publish(at('kept.pem'), certificateFile(authority, serialNumber), 0o644);
  // What the register does not know could not be revoked.
  publish(at('index.txt'), authority.path('index.txt'), 0o600);
  renameSync(folder, authority.path('issued', serialNumber));
  const place = authority.path(FOLDER_OF[role], name);
  symlinkSync(`../issued/${serialNumber}`, at('link'));
  renameSync(at('link'), place);
  return { role, name, folder: place };
}

/** Each role that the name has, with the further names that it had, and more. The one before stays good. */
export async function renew(
  authority: Authority,
  name: string,
  { days, also: more }: Pick<Wish, 'days' | 'also'>,
): Promise<Issued[]> {
  const present = currentOf(authority.issued()).filter((one) => one.name === name);
  if (present.length === 0) {
    throw wrongUse(`${name} has no certificate to renew: aureole pki issue ${name}`);
  }
  const issued: Issued[] = [];
  for (const { role, serial } of present) {
    const also = [...namesIn(certificateFile(authority, serial)), ...more];
    issued.push(await issue(authority, { role, name, also, days }));
  }
  return issued;
}

/** All that was issued under the name, renewed ones and the ones before. */
export async function revoke(authority: Authority, name: string): Promise<number> {
  const good = authority.issued().filter((one) => one.name === name && !one.revoked);
  if (good.length === 0) throw wrongUse(`${name} has no certificate to revoke`);
  using work = authority.work();
  const places = { authority: authority.directory, work: work.path };
  const config = ['-config', authority.path('openssl.cnf'), '-batch'];
  for (const { serial } of good) {
    await openssl(['ca', ...config, '-revoke', certificateFile(authority, serial)], places);
  }
  const list = join(work.path, 'crl.pem');
  // Where a list is out of date nobody is believed: it holds as long as the authority itself.
  const days = String(Math.floor((endOf(authority, Infinity) - Date.now()) / DAY_MS) + 1);
  await openssl(['ca', ...config, '-gencrl', '-crldays', days, '-out', list], places);
  // The list first: after a crash between the two the same command mends it.
  publish(join(work.path, 'crlnumber'), authority.path('crlnumber'), 0o600);
  publish(list, authority.path('crl.pem'), 0o644);
  publish(join(work.path, 'index.txt'), authority.path('index.txt'), 0o600);
  for (const folder of Object.values(FOLDER_OF))
    rmSync(authority.path(folder, name), { force: true });
  spreadRevocations(authority);
  return good.length;
}

function certificateFile(authority: Authority, serial: string): string {
  return authority.path('certificates', `${serial}.pem`);
}

function namesIn(certificate: string): string[] {
  const { subjectAltName = '' } = new X509Certificate(readFileSync(certificate));
  return subjectAltName.split(', ').map((entry) => entry.replace(/^(?:DNS|IP Address):/, ''));
}

function alternativeName(name: string): string {
  return isIP(name) ? `IP:${name}` : `DNS:${name}`;
}

/** No later than that of the authority itself. */
function endOf({ directory }: Authority, days: number): number {
  const own = readOwnCertificate(directory).validToDate.getTime();
  if (own <= Date.now()) throw failed(`the authority in ${directory} has ended: make a new one`);
  return Math.min(own, Date.now() + days * DAY_MS);
}
