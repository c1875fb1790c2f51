// SPDX-License-Identifier: Apache-2.0
/** The program `openssl`: all cryptography is its own. It sees the authority by its environment. */
import { runProgram } from '../runtime/process.ts';
import { failed } from './errors.ts';

const TIMEOUT_MS = 60_000;
const KILL_GRACE_MS = 2_000;
const OUTPUT_BYTES_MAX = 65_536;

/**
 * What `openssl ca` is told: $ENV::AUTHORITY is the authority's folder, $ENV::WORK that of one
 * change. Serial numbers are random, so that two changes never give the same one.
 */
export const OPENSSL_CONFIG = `[req]
distinguished_name = nothing
[nothing]
[ca]
default_ca = authority
[authority]
certificate = $ENV::AUTHORITY/ca.crt
private_key = $ENV::AUTHORITY/ca.key
database = $ENV::WORK/index.txt
crlnumber = $ENV::WORK/crlnumber
new_certs_dir = $ENV::WORK
rand_serial = yes
default_md = sha256
policy = subject
unique_subject = no
email_in_dn = no
[subject]
organizationalUnitName = supplied
commonName = supplied
[certificate_of_authority]
basicConstraints = critical,CA:TRUE,pathlen:0
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[host]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = $ENV::NAMES
[manager]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = clientAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = $ENV::NAMES
`;

export type OpensslPlaces = {
  readonly authority: string;
  readonly work: string;
  /** Alternative names, as OpenSSL writes them: `DNS:oss1,IP:10.0.0.1`. */
  readonly names?: string;
};

export async function openssl(
  args: readonly string[],
  { authority, work, names = 'DNS:unset' }: OpensslPlaces,
): Promise<void> {
  const { end, stderr } = await runProgram({
    file: 'openssl',
    args,
    env: {
      PATH: process.env['PATH'] ?? '/usr/bin:/bin',
      HOME: '/',
      LC_ALL: 'C',
      AUTHORITY: authority,
      WORK: work,
      NAMES: names,
      RANDFILE: `${work}/.rnd`,
    },
    timeoutMs: TIMEOUT_MS,
    killGraceMs: KILL_GRACE_MS,
    outputBytesMax: OUTPUT_BYTES_MAX,
  });
  if (end.type === 'exited' && end.code === 0) return;
  if (end.type === 'not-run') {
    throw failed(`openssl cannot be started (${end.text}): install the package openssl`);
  }
  const said = stderr.trim().split('\n').slice(-4).join('; ');
  throw failed(`openssl ${args[0] ?? ''} has failed in ${authority}: ${said || end.type}`);
}
