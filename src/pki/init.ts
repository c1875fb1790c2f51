// SPDX-License-Identifier: Apache-2.0
/** Makes an authority: in a folder beside the wanted one, which takes its place when all is there. */
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { messageOf } from '../kernel/error.ts';
import { makeFolders } from './authority.ts';
import { failed, wrongUse } from './errors.ts';
import { openssl, OPENSSL_CONFIG } from './openssl.ts';

const EC_P256 = ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256'];

export async function initAuthority(directory: string, days: number): Promise<void> {
  if (existsSync(join(directory, 'ca.crt'))) {
    throw wrongUse(`${directory} is an authority already; --directory names another place`);
  }
  const parent = dirname(directory);
  let draft: string | undefined;
  try {
    mkdirSync(parent, { recursive: true, mode: 0o755 });
    draft = mkdtempSync(join(parent, `.${basename(directory)}-`));
    await fill(draft, days);
    // Only an empty folder gives way to it.
    renameSync(draft, directory);
  } catch (cause) {
    if (draft !== undefined) rmSync(draft, { recursive: true, force: true });
    throw failed(`no authority could be made in ${directory}: ${messageOf(cause)}`, cause);
  }
}

async function fill(authority: string, days: number): Promise<void> {
  const at = (name: string): string => join(authority, name);
  const places = { authority, work: authority };
  chmodSync(authority, 0o700);
  makeFolders(authority);
  writeFileSync(at('openssl.cnf'), OPENSSL_CONFIG);
  writeFileSync(at('index.txt'), '');
  writeFileSync(at('index.txt.attr'), 'unique_subject = no\n');
  writeFileSync(at('crlnumber'), '01\n');
  await openssl(['genpkey', ...EC_P256, '-out', at('ca.key')], places);
  chmodSync(at('ca.key'), 0o600);
  // Told from other authorities by its name, which OpenSSL looks for first.
  const subject = `/CN=Aureole authority ${randomBytes(4).toString('hex')}`;
  const request = ['req', '-config', at('openssl.cnf'), '-x509', '-new', '-sha256'];
  const extensions = ['-extensions', 'certificate_of_authority', '-days', String(days)];
  const files = ['-key', at('ca.key'), '-subj', subject, '-out', at('ca.crt')];
  await openssl([...request, ...extensions, ...files], places);
  const list = ['ca', '-config', at('openssl.cnf'), '-batch', '-gencrl'];
  await openssl([...list, '-crldays', String(days), '-out', at('crl.pem')], places);
}
