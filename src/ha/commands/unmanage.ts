// SPDX-License-Identifier: Apache-2.0
/** `aureole unmanage`: for work by hand on one group. */
import { orderCommand } from './order.ts';

export const unmanage = orderCommand({
  verb: 'unmanage',
  argument: { name: 'group', description: 'the resource group, by its root' },
  summary: 'Only watch a group: neither start, stop nor move it',
  examples: ['aureole unmanage mgs --reason "resilvering"'],
});
