// SPDX-License-Identifier: Apache-2.0
/** What an authority has issued, as rows: for people, and as JSON. */
import type { Look, Style } from '../runtime/command.ts';
import { daysLeft, WARN_DAYS } from '../runtime/tls-expiry.ts';
import { certificateName } from '../runtime/tls-peer.ts';
import { readIssued, readOwnCertificate } from './authority.ts';
import { currentOf, type Role } from './index-file.ts';

export type Row = {
  readonly name: string;
  readonly role: Role | 'authority';
  readonly serial: string;
  /** ISO 8601, UTC. */
  readonly expires: string;
  readonly daysLeft: number;
  /** replaced: there is a newer one. due: its end is warned of already. */
  readonly state: 'valid' | 'due' | 'expired' | 'replaced' | 'revoked';
};

/** The authority itself first, then all that it has issued, by name. */
export function rowsOf(directory: string, now: number): readonly Row[] {
  const own = readOwnCertificate(directory);
  const issued = readIssued(directory);
  const current = new Set(currentOf(issued));
  const ownEnd = own.validToDate.getTime();
  const rows = issued.map((one): Row => {
    const { name, role, serial, expiresAt, revoked } = one;
    const outdated = revoked ? 'revoked' : current.has(one) ? undefined : 'replaced';
    return { name, role, serial, ...endOf(expiresAt, now), ...(outdated && { state: outdated }) };
  });
  return [
    {
      name: certificateName(own),
      role: 'authority',
      serial: own.serialNumber,
      ...endOf(ownEnd, now),
    },
    ...rows.toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)),
  ];
}

function endOf(expiresAt: number, now: number): Pick<Row, 'expires' | 'daysLeft' | 'state'> {
  const days = daysLeft(expiresAt, now);
  const state = expiresAt <= now ? 'expired' : days <= WARN_DAYS ? 'due' : 'valid';
  return { expires: new Date(expiresAt).toISOString(), daysLeft: days, state };
}

const STYLES: Readonly<Record<Row['state'], Style>> = {
  valid: 'green',
  due: 'yellow',
  expired: 'red',
  replaced: 'dim',
  revoked: 'dim',
};

export function renderRows(rows: readonly Row[], { paint }: Look): string {
  const cells = rows.map(({ name, role, serial, expires, state, ...row }) => {
    const words = state === 'due' ? `ends in ${row.daysLeft} days` : state;
    return [name, role, expires.slice(0, 10), serial, paint(STYLES[state], words)];
  });
  const table = [['name', 'role', 'ends', 'serial', 'state'], ...cells];
  const widths = [0, 1, 2, 3].map((i) => Math.max(...table.map((row) => row[i]?.length ?? 0)));
  return table
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
