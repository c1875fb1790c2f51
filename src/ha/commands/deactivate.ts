// SPDX-License-Identifier: Apache-2.0
/** `aureole deactivate`: for maintenance of a host. */
import { orderCommand } from './order.ts';

export const deactivate = orderCommand({
  verb: 'deactivate',
  kind: 'host',
  description: 'hosts, as a nodeset',
  moves: true,
  summary: 'Move all groups off hosts, and keep them off',
  examples: [
    'aureole deactivate oss1 --reason "firmware update"',
    'aureole deactivate oss1 --dry-run',
    'aureole deactivate oss1 --wait',
  ],
});
