// SPDX-License-Identifier: Apache-2.0
/** `aureole unmanage`: for work by hand on a group. */
import { orderCommand } from './order.ts';

export const unmanage = orderCommand({
  verb: 'unmanage',
  kind: 'group',
  description: 'resource groups, by their roots',
  moves: false,
  summary: 'Only watch groups: neither start, stop nor move them',
  examples: ['aureole unmanage mgs --reason "resilvering"'],
});
