// SPDX-License-Identifier: Apache-2.0
/** Why TLS with an agent failed, with the remedy. Each of these failures is a sign of life. */
import { printableLine } from '../../model/printable.ts';
import { NOT_SIGNED } from '../../runtime/tls-peer.ts';

/** Undefined: it is no failure of TLS. */
export function tlsFailure(code: string, message: string, host: string): string | undefined {
  if (NOT_SIGNED.has(code)) return notSigned(host);
  switch (code) {
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return `the certificate shown there is not for ${host} (${printableLine(message)}): correct the address, or aureole pki issue ${host}`;
    case 'CERT_HAS_EXPIRED':
      return `its certificate has ended: aureole pki renew ${host}`;
    case 'CERT_NOT_YET_VALID':
      return 'its certificate is not valid yet: look at the clocks of both machines';
    case 'CERT_REVOKED':
      return `its certificate is revoked: aureole pki issue ${host} makes another`;
    case 'INVALID_PURPOSE':
      return `its certificate is not made for agents: aureole pki issue ${host}`;
    case 'CRL_HAS_EXPIRED':
      return 'our revocation list is out of date: bring the newest one here';
    // There is one of our own authority, or we would not have started.
    case 'UNABLE_TO_GET_CRL':
      return notSigned(host);
    case 'EPROTO':
      return message.includes('wrong version number')
        ? `it speaks without TLS: give it a certificate (aureole pki issue ${host})`
        : `TLS fails: ${printableLine(message)}`;
    default:
      return /^(?:ERR_SSL_|ERR_TLS_|CERT_|CRL_|UNABLE_TO_)/.test(code)
        ? `TLS fails: ${printableLine(message)}`
        : undefined;
  }
}

function notSigned(host: string): string {
  return `our authority did not sign its certificate: aureole pki issue ${host}`;
}
