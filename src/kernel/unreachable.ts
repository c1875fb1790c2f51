// SPDX-License-Identifier: Apache-2.0
/** Ends a switch that decides every case: the compiler refuses a case left out. */
export function unreachable(value: never): never {
  throw new Error(`unreachable: ${JSON.stringify(value)}`);
}
