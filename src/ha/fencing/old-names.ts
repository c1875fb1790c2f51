// SPDX-License-Identifier: Apache-2.0
/** Fence agents understand two names for some parameters. Ours is the newer one. */
export const OLD_NAMES: ReadonlyMap<string, string> = new Map([
  ['ipaddr', 'ip'],
  ['port', 'plug'],
  ['login', 'username'],
  ['passwd', 'password'],
]);
