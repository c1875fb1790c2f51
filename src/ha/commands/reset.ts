// SPDX-License-Identifier: Apache-2.0
/** `aureole reset`: a fenced host is not fenced again by itself before somebody has looked at it. */
import { orderCommand } from './order.ts';

export const reset = orderCommand({
  verb: 'reset',
  argument: { name: 'host', description: 'the host that was fenced' },
  summary: 'Arm a host again after it was fenced',
  examples: ['aureole reset oss1 --reason "power supply replaced"'],
});
