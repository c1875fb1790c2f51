// SPDX-License-Identifier: Apache-2.0
/** Who is at the other end of a TLS connection, by its certificate. */
import type { X509Certificate } from 'node:crypto';
import { isIP, type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { printableLine } from '../model/printable.ts';

const NAME_CHARS_MAX = 253;
/** The extended key usage of a TLS client. */
const CLIENT_USE = '1.3.6.1.5.5.7.3.2';

/** What OpenSSL calls it if no authority that is known here has signed a certificate. */
export const NOT_SIGNED: ReadonlySet<string> = new Set([
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'CERT_SIGNATURE_FAILURE',
]);

/** For people: the common name, else the first alternative one. */
export function certificateName({ subject, subjectAltName }: X509Certificate): string {
  const common = /^CN=(.*)$/m.exec(subject)?.[1];
  const name = common ?? subjectAltName?.split(', ')[0]?.replace(/^(?:DNS|IP Address):/, '') ?? '';
  return printableLine(name).slice(0, NAME_CHARS_MAX) || 'nobody';
}

/** Undefined without TLS, or without a certificate. */
export function peerName(socket: Socket): string | undefined {
  if (!(socket instanceof TLSSocket)) return undefined;
  const certificate = socket.getPeerX509Certificate();
  return certificate && certificateName(certificate);
}

/** By its alternative names. One with a wildcard is for nobody: it would do for each host of a cluster. */
export function isFor(name: string, certificate: X509Certificate): boolean {
  if (isIP(name) > 0) return certificate.checkIP(name) !== undefined;
  return certificate.checkHost(name, { wildcards: false }) !== undefined;
}

/** Undefined: it does not say for what it is made. */
export function isForClients({ keyUsage }: X509Certificate): boolean | undefined {
  return keyUsage?.includes(CLIENT_USE);
}
