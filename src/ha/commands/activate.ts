// SPDX-License-Identifier: Apache-2.0
/** `aureole activate`: the end of deactivate. */
import { orderCommand } from './order.ts';

export const activate = orderCommand({
  verb: 'activate',
  kind: 'host',
  description: 'hosts, as a nodeset',
  moves: true,
  summary: 'Let hosts take groups again',
  examples: ['aureole activate oss1', 'aureole activate "oss[1-4]"'],
});
