// SPDX-License-Identifier: Apache-2.0
/**
 * Where a daemon's certificate, key and authority lie: what flags name, else the environment and the
 * sysconfig files, else /etc/aureole/pki. Nothing there and nothing named: it has no identity.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Option } from 'commander';
import type { FindSetting } from './settings.ts';

export type IdentityFiles = {
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
  /** Revoked certificates. */
  readonly crl?: string;
};

/** An agent answers, a manager asks. */
export type TlsRole = 'agent' | 'manager';

export const PKI_DIRECTORY = '/etc/aureole/pki';

const NAMES: Readonly<Record<TlsRole, { readonly file: string; readonly halo: string }>> = {
  agent: { file: 'host', halo: 'HALO_SERVER' },
  manager: { file: 'manager', halo: 'HALO_CLIENT' },
};

/** For a daemon's command line. */
export function tlsOptions(role: TlsRole): readonly Option[] {
  const { file } = NAMES[role];
  const usual = (name: string): string => join(PKI_DIRECTORY, name);
  return [
    new Option(
      '--cert <file>',
      `its certificate, PEM; $AUREOLE_CERT (else ${usual(`${file}.crt`)})`,
    ),
    new Option('--key <file>', `the key of it; $AUREOLE_KEY (else ${usual(`${file}.key`)})`),
    new Option('--ca <file>', `who signs all certificates; $AUREOLE_CA (else ${usual('ca.crt')})`),
    new Option('--crl <file>', `which are revoked; $AUREOLE_CRL (else ${usual('crl.pem')})`),
  ];
}

export function findIdentityFiles(
  role: TlsRole,
  flags: Partial<IdentityFiles>,
  find: FindSetting,
  directory = PKI_DIRECTORY,
): IdentityFiles | undefined {
  const { file, halo } = NAMES[role];
  const named = {
    cert: flags.cert ?? find('AUREOLE_CERT', `${halo}_CERT`)?.value,
    key: flags.key ?? find('AUREOLE_KEY', `${halo}_KEY`)?.value,
    ca: flags.ca ?? find('AUREOLE_CA', 'HALO_CA_CERT')?.value,
    crl: flags.crl ?? find('AUREOLE_CRL')?.value,
  };
  const usual = {
    cert: join(directory, `${file}.crt`),
    key: join(directory, `${file}.key`),
    ca: join(directory, 'ca.crt'),
    crl: join(directory, 'crl.pem'),
  };
  const { cert = usual.cert, key = usual.key, ca = usual.ca } = named;
  const isNamed = Object.values(named).some((path) => path !== undefined);
  // One of the two alone is a mistake to tell of, and no reason to go without.
  if (!isNamed && !existsSync(usual.cert) && !existsSync(usual.key)) return undefined;
  // Beside an authority from elsewhere our list would be of another authority.
  const crl = named.crl ?? (ca === usual.ca && existsSync(usual.crl) ? usual.crl : undefined);
  return { cert, key, ca, ...(crl === undefined ? {} : { crl }) };
}
