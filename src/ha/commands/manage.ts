// SPDX-License-Identifier: Apache-2.0
/** `aureole manage`: the end of unmanage. */
import { orderCommand } from './order.ts';

export const manage = orderCommand({
  verb: 'manage',
  argument: { name: 'group', description: 'the resource group, by its root' },
  summary: 'Act on a group again',
  examples: ['aureole manage mgs'],
});
