// SPDX-License-Identifier: Apache-2.0
/** `aureole cleanup`: after the cause of a failure was removed. */
import { orderCommand } from './order.ts';

export const cleanup = orderCommand({
  verb: 'cleanup',
  argument: { name: 'group', description: 'the resource group, by its root' },
  summary: 'Forget the failures of a group, and try again',
  examples: ['aureole cleanup ost0'],
});
