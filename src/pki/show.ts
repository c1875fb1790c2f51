// SPDX-License-Identifier: Apache-2.0
/** What an authority has issued, as rows: for people, and as JSON. */
import type { Look, Style } from '../runtime/command.ts';
import { readIssued, readOwnCertificate } from './authority.ts';
import { currentOf, type Role } from './index-file.ts';

export type Row = {
  readonly name: string;
  readonly role: Role | 'authority';
  readonly serial: string;
  /** ISO 8601, UTC. */
  readonly expires: string;
  readonly daysLeft: number;
  /** replaced: there is a newer one. due: ends within 30 days. */
  readonly state: 'valid' | 'due' | 'expired' | 'replaced' | 'revoked';
};

const DAY_MS = 86_400_000;
const DUE_DAYS = 30;

/** The authority itself first, then all that it has issued, by name. */
export function rowsOf(directory: string, now: number): readonly Row[] {
  const own = readOwnCertificate(directory);
  const issued = readIssued(directory);
  const current = new Set(currentOf(issued));
  const common = /^CN=(.*)$/m.exec(own.subject)?.[1] ?? '';
  const ownEnd = own.validToDate.getTime();
  const rows = issued.map((one): Row => {
    const { name, role, serial, expiresAt, revoked } = one;
    const outdated = revoked ? 'revoked' : current.has(one) ? undefined : 'replaced';
    return { name, role, serial, ...endOf(expiresAt, now), ...(outdated && { state: outdated }) };
  });
  return [
    { name: common, role: 'authority', serial: own.serialNumber, ...endOf(ownEnd, now) },
    ...rows.toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)),
  ];
}

function endOf(expiresAt: number, now: number): Pick<Row, 'expires' | 'daysLeft' | 'state'> {
  const daysLeft = Math.floor((expiresAt - now) / DAY_MS);
  const state = expiresAt <= now ? 'expired' : daysLeft <= DUE_DAYS ? 'due' : 'valid';
  return { expires: new Date(expiresAt).toISOString(), daysLeft, state };
}

const STYLES: Readonly<Record<Row['state'], Style>> = {
  valid: 'green',
  due: 'yellow',
  expired: 'red',
  replaced: 'dim',
  revoked: 'dim',
};

export function renderRows(rows: readonly Row[], { paint }: Look): string {
  const cells = rows.map(({ name, role, serial, expires, daysLeft, state }) => {
    const words = state === 'due' ? `ends in ${daysLeft} days` : state;
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
