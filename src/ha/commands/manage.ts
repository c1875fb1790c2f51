// SPDX-License-Identifier: Apache-2.0
/** `aureole manage`: the end of unmanage. */
import { orderCommand } from './order.ts';

export const manage = orderCommand({
  verb: 'manage',
  kind: 'group',
  description: 'resource groups, by their roots',
  moves: true,
  summary: 'Act on groups again',
  examples: ['aureole manage mgs', 'aureole manage ost0 ost1 --dry-run'],
});
