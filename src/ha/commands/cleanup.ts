// SPDX-License-Identifier: Apache-2.0
/** `aureole cleanup`: after the cause of a failure was removed. */
import { orderCommand } from './order.ts';

export const cleanup = orderCommand({
  verb: 'cleanup',
  kind: 'group',
  description: 'resource groups, by their roots',
  moves: true,
  summary: 'Forget the failures of groups, and try again',
  examples: ['aureole cleanup ost0', 'aureole cleanup ost0 --wait 5m'],
});
