// SPDX-License-Identifier: Apache-2.0
/** `aureole deactivate`: for maintenance of a host. */
import { orderCommand } from './order.ts';

export const deactivate = orderCommand({
  verb: 'deactivate',
  argument: { name: 'host', description: 'the host' },
  summary: 'Move all groups off a host, and keep them off',
  examples: ['aureole deactivate oss1 --reason "firmware update"'],
});
