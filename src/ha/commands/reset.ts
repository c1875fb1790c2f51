// SPDX-License-Identifier: Apache-2.0
/** `aureole reset`: a fenced host is not fenced again by itself before somebody has looked at it. */
import { orderCommand } from './order.ts';

export const reset = orderCommand({
  verb: 'reset',
  kind: 'host',
  description: 'hosts that were fenced, as a nodeset',
  moves: false,
  summary: 'Arm hosts again after they were fenced',
  examples: ['aureole reset oss1 --reason "power supply replaced"'],
});
