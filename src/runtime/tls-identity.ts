// SPDX-License-Identifier: Apache-2.0
/**
 * Reads a daemon's certificate, key and authority, and refuses what would fail later, at the first
 * connection, with words of its own for each mistake. What the checks by hand find nothing wrong
 * with is rehearsed: a handshake with ourselves, so that the same code judges as on the wire.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { duplexPair } from 'node:stream';
import { connect, createSecureContext, createServer } from 'node:tls';
import type { SecureContext, SecureContextOptions, TLSSocket } from 'node:tls';
import { AureoleError, messageOf } from '../kernel/error.ts';
import type { IdentityFiles, TlsRole } from './tls-files.ts';
import { certificateName, isFor, isForClients, NOT_SIGNED } from './tls-peer.ts';

export type Identity = {
  /** Whom the certificate names. */
  readonly name: string;
  readonly expiresAt: number;
  /** Can give orders, too: it is then on others to name the managers. */
  readonly isForClients: boolean;
  /** For a server. */
  readonly context: SecureContextOptions;
  /** For connections to others: one for all of them. */
  readonly secureContext: SecureContext;
};

export type IdentityUse =
  | { readonly role: 'agent'; readonly host: string }
  | { readonly role: 'manager' };

/** Both ends are ours. */
export const TLS_VERSION = 'TLSv1.3';

const FILE_BYTES_MAX = 4 * 1_048_576;
const REHEARSAL_MS = 10_000;

/** Throws an AureoleError with the code `identity-unusable`. */
export async function readIdentity(files: IdentityFiles, use: IdentityUse): Promise<Identity> {
  const context = {
    cert: readPem(files.cert, 'certificate', '--cert'),
    key: readKey(files.key),
    ca: readPem(files.ca, 'certificate of the authority', '--ca'),
    ...(files.crl === undefined ? {} : { crl: readLists(files.crl) }),
    minVersion: TLS_VERSION,
  } as const;
  const certificate = parse(files.cert, () => new X509Certificate(context.cert), 'certificate');
  const authority = parse(files.ca, () => new X509Certificate(context.ca), 'certificate');
  const key = parse(files.key, () => createPrivateKey(context.key), 'private key');
  if (!certificate.checkPrivateKey(key)) {
    throw unusable(`${files.key} is not the key of ${files.cert}: copy both from the same folder`);
  }
  checkDates(files.cert, certificate);
  checkName(files.cert, certificate, use);
  const verdict = await rehearse(context, use.role);
  if (verdict !== undefined)
    throw unusable(wordsFor(verdict, files, use, certificate.checkIssued(authority)));
  return {
    name: certificateName(certificate),
    expiresAt: certificate.validToDate.getTime(),
    isForClients: isForClients(certificate) === true,
    context,
    secureContext: createSecureContext(context),
  };
}

function readPem(path: string, what: string, flag: string): string {
  try {
    const { size } = statSync(path);
    if (size > FILE_BYTES_MAX) throw new Error(`it is larger than ${FILE_BYTES_MAX} bytes`);
    const text = readFileSync(path, 'utf8');
    if (text.includes('-----BEGIN ')) return text;
    throw new Error('it is not PEM text (-----BEGIN ...)');
  } catch (cause) {
    const reason =
      cause instanceof Error && 'code' in cause && cause.code === 'ENOENT'
        ? 'is not there: make one with aureole pki, or name another'
        : `cannot be used: ${messageOf(cause)}. Put it right, or name another`;
    throw unusable(`${path}, the ${what}, ${reason} with ${flag}`, cause);
  }
}

/** One list for each authority: OpenSSL reads the first of a text only. */
function readLists(path: string): string[] {
  const text = readPem(path, 'revocation list', '--crl');
  const lists = text.match(/-----BEGIN X509 CRL-----[^]*?-----END X509 CRL-----/g);
  if (lists !== null) return [...lists];
  throw unusable(`${path} holds no revocation list (-----BEGIN X509 CRL-----)`);
}

function readKey(path: string): string {
  const text = readPem(path, 'private key', '--key');
  const { mode } = statSync(path);
  if ((mode & 0o077) === 0) return text;
  throw unusable(`${path} can be read by others than its owner: chmod 600 ${path}`);
}

function parse<T>(path: string, read: () => T, what: string): T {
  try {
    return read();
  } catch (cause) {
    throw unusable(`${path} holds no ${what} that can be read: ${messageOf(cause)}`, cause);
  }
}

function checkDates(path: string, certificate: X509Certificate): void {
  const now = Date.now();
  const { validFromDate: from, validToDate: to } = certificate;
  const renew = `aureole pki renew ${certificateName(certificate)}`;
  if (to.getTime() <= now) throw unusable(`${path} ended on ${to.toISOString()}: ${renew}`);
  if (from.getTime() > now) {
    throw unusable(`${path} begins on ${from.toISOString()} only: set the clock, or ${renew}`);
  }
}

function checkName(path: string, certificate: X509Certificate, use: IdentityUse): void {
  if (use.role !== 'agent') return;
  const { host } = use;
  if (isFor(host, certificate)) return;
  throw unusable(
    `${path} is for ${certificateName(certificate)}, and this host is ${host}: ` +
      `aureole pki issue ${host}, or correct --name`,
  );
}

/** What the other end would say of us, as a code of OpenSSL; undefined: that all is well. */
function rehearse(context: SecureContextOptions, role: TlsRole): Promise<string | undefined> {
  const [near, far] = duplexPair();
  return new Promise<string | undefined>((resolve) => {
    setTimeout(resolve, REHEARSAL_MS, 'no end of it').unref();
    const failed = (error: Error): void => resolve(codeOf(error));
    // Whoever is judged has to show its certificate; the other one says what it thinks of it.
    const judges = { agent: role === 'agent', manager: role === 'manager' };
    const server = createServer(
      { ...context, requestCert: judges.manager, rejectUnauthorized: false },
      (socket) => (judges.manager ? resolve(verdictOn(socket)) : undefined),
    );
    server.on('tlsClientError', failed);
    server.emit('connection', near);
    const client = connect({ ...context, socket: far, rejectUnauthorized: false });
    client.on('error', failed);
    client.on('secureConnect', () => (judges.agent ? resolve(verdictOn(client)) : undefined));
  })
    .catch(codeOf)
    .finally(() => {
      near.destroy();
      far.destroy();
    });
}

/** As whom it is meant was looked at before: the rehearsal calls nobody by name. */
function verdictOn({ authorizationError }: TLSSocket): string | undefined {
  const verdict: unknown = authorizationError;
  // A server has the code, a client an error with it.
  const code = typeof verdict === 'string' ? verdict : verdict && codeOf(verdict);
  return typeof code !== 'string' || code === 'ERR_TLS_CERT_ALTNAME_INVALID' ? undefined : code;
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : messageOf(error);
}

function wordsFor(
  verdict: string,
  { cert, ca, crl }: IdentityFiles,
  use: IdentityUse,
  isSigned: boolean,
): string {
  const notSigned = `${ca} did not sign ${cert}: get both from the same folder`;
  if (NOT_SIGNED.has(verdict)) return notSigned;
  switch (verdict) {
    case 'CERT_REVOKED':
      return `${cert} is revoked (${crl}): aureole pki issue makes a new one`;
    case 'INVALID_PURPOSE':
      return use.role === 'agent'
        ? `${cert} is not for agents (TLS server): make one with aureole pki issue ${use.host}`
        : `${cert} is not for managers (TLS client): make one with aureole pki issue --manager NAME`;
    case 'CERT_HAS_EXPIRED':
      return `${ca} has ended: aureole pki init makes a new authority`;
    case 'CRL_NOT_YET_VALID':
      return `${crl} is not valid yet: look at the clocks of this host and of the authority`;
    case 'CRL_HAS_EXPIRED':
      return `${crl} is out of date: get the newest one from the authority`;
    case 'UNABLE_TO_GET_CRL':
      if (!isSigned) return notSigned;
      return `${crl} is not of the authority ${ca}: get both from the same folder`;
    default:
      return `${cert} cannot be used with ${crl === undefined ? ca : `${ca} and ${crl}`}: ${verdict}`;
  }
}

export function unusable(message: string, cause?: unknown): AureoleError {
  return new AureoleError(message, { code: 'identity-unusable' }, { effect: 'none', cause });
}
