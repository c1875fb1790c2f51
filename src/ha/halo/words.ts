// SPDX-License-Identifier: Apache-2.0
/** How HALO says things, where both its HTTP routes and our command line say them in its way. */
import type { GroupView, ResourceView } from '../contract.ts';

/** The name of a fence of HALO's own, of which its statefile tells. */
export const HALO_FENCE = 'ha.halo.fence';

/** What HALO calls an error: its script failed there, and it is not merely out of sight. */
export function hasFailedOn(
  { status, failed }: ResourceView['hosts'][number],
  group: GroupView,
): boolean {
  return status === 'unknown' && (failed === true || group.status === 'failed');
}

/** `2026-09-01 10:11:12.345`; what is no time is shown as it is. */
export function localTime(text: string): string {
  const at = new Date(text);
  if (Number.isNaN(at.getTime())) return text;
  const two = (number: number): string => String(number).padStart(2, '0');
  const date = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  const time = [at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(':');
  const ms = at.getMilliseconds();
  return `${date} ${time}${ms === 0 ? '' : `.${String(ms).padStart(3, '0')}`}`;
}
