// SPDX-License-Identifier: Apache-2.0
/** `aureole status`: what runs where, and what is not well; with `--watch`, as it changes. */
import { z } from 'zod';
import type { Command } from '../../runtime/command.ts';
import type { HaApi } from '../client.ts';
import type { Status } from '../contract.ts';
import { watchStatus } from './follow.ts';
import { renderStatus } from './show-status.ts';

const StatusInput = z.object({
  exceptions: z.boolean().default(false),
  watch: z.boolean().default(false),
});

export const status: Command<z.infer<typeof StatusInput>, Status, HaApi> = {
  name: 'status',
  summary: 'Show resource groups, hosts and alarms',
  arguments: [],
  options: [
    { flags: '-x, --exceptions', description: 'only what is not as it should be' },
    { flags: '-w, --watch', description: 'show it again whenever it changes, until Ctrl-C' },
  ],
  input: StatusInput,
  examples: ['aureole status', 'aureole status -x', 'aureole status --watch'],
  run: (_input, { api, signal }) => api.status(signal),
  follow: ({ watch }, { api, signal }) => (watch ? watchStatus(api, signal) : undefined),
  render: (result, look, { exceptions }) => renderStatus(result, look, exceptions),
  verdict: () => 'done',
};
