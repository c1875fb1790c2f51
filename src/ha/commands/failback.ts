// SPDX-License-Identifier: Apache-2.0
/** `aureole failback`: groups go home only when an operator says so. */
import { orderCommand } from './order.ts';

export const failback = orderCommand({
  verb: 'failback',
  argument: {
    name: 'host|group',
    description: 'a host, whose groups return to it, or a resource group by its root',
  },
  summary: 'Return groups to their home host',
  examples: ['aureole failback oss1 --reason "memory replaced"', 'aureole failback ost0'],
});
