// SPDX-License-Identifier: Apache-2.0
/** `aureole activate`: the end of deactivate. */
import { orderCommand } from './order.ts';

export const activate = orderCommand({
  verb: 'activate',
  argument: { name: 'host', description: 'the host' },
  summary: 'Let a host take groups again',
  examples: ['aureole activate oss1'],
});
