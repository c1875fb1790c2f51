// SPDX-License-Identifier: Apache-2.0
/** The kernel's monotonic clock: the same for every process of a boot, and no clock step moves it. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint() / 1_000_000n);
}
