// SPDX-License-Identifier: Apache-2.0
/** From when on the end of a certificate is warned of, and in which words. */

export const WARN_DAYS = 30;
const DAY_MS = 86_400_000;

/** Whole ones; negative once it has ended. */
export function daysLeft(expiresAt: number, now: number): number {
  return Math.floor((expiresAt - now) / DAY_MS);
}

/** Undefined: there is time. */
export function expiryWarning(name: string, expiresAt: number, now: number): string | undefined {
  const days = daysLeft(expiresAt, now);
  if (days > WARN_DAYS) return undefined;
  const when = days < 0 ? 'has ended' : `ends in ${days} ${days === 1 ? 'day' : 'days'}`;
  return `certificate of ${name} ${when}: aureole pki renew ${name}`;
}
