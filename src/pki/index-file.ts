// SPDX-License-Identifier: Apache-2.0
/** The register of an authority, as `openssl ca` keeps it: one line for each certificate. */
import { printableLine } from '../model/printable.ts';

/** For agents, for managers: which way it is good for. */
export const ROLES = ['host', 'manager'] as const;
export type Role = (typeof ROLES)[number];

export type IssuedCertificate = {
  readonly name: string;
  readonly role: Role;
  readonly serial: string;
  readonly expiresAt: number;
  readonly revoked: boolean;
};

/** In the order of their issue. What is not ours is left out. */
export function parseIndex(text: string): readonly IssuedCertificate[] {
  return text.split('\n').flatMap((line) => {
    const [state = '', expires = '', , serial = '', , subject = ''] = line.split('\t');
    const [, role = '', name = ''] = /^\/OU=(host|manager)\/CN=([^/]+)$/.exec(subject) ?? [];
    const known = ROLES.find((one) => one === role);
    const expiresAt = parseTime(expires);
    if (known === undefined || expiresAt === undefined) return [];
    return [{ name: printableLine(name), role: known, serial, expiresAt, revoked: state === 'R' }];
  });
}

/** `YYMMDDHHMMSSZ`, from 2050 on `YYYYMMDDHHMMSSZ`. */
function parseTime(text: string): number | undefined {
  const parts = /^(\d{2}|\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})Z$/.exec(text);
  if (parts === null) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts
    .slice(1)
    .map(Number);
  return Date.UTC(year < 100 ? 2000 + year : year, month - 1, day, hour, minute, second);
}

/** For `openssl ca -enddate`. */
export function formatTime(at: number): string {
  return `${new Date(at).toISOString().replaceAll(/[-:T]|\.\d+Z$/g, '')}Z`;
}

/** Of each name and role the one that was issued last, unless it is revoked. */
export function currentOf(issued: readonly IssuedCertificate[]): readonly IssuedCertificate[] {
  const last = new Map<string, IssuedCertificate>();
  for (const one of issued) if (!one.revoked) last.set(`${one.role} ${one.name}`, one);
  return [...last.values()];
}
