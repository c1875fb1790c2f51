// SPDX-License-Identifier: Apache-2.0
/** `aureole status`: what runs where, and what is not well; with `--watch`, as it changes; with `--check`, for a monitoring system. */
import { z } from 'zod';
import type { Command } from '../../runtime/command.ts';
import type { HaApi } from '../client.ts';
import type { EventView } from '../contract.ts';
import { countOfEvents } from './event-count.ts';
import { watchStatus } from './follow.ts';
import { renderDetails } from './show-details.ts';
import { healthOf } from './show-health.ts';
import { renderStatus, type StatusReport } from './show-status.ts';

const EVENTS_DEFAULT = 10;

const StatusInput = z
  .object({
    exceptions: z.boolean().default(false),
    details: z.boolean().default(false),
    check: z.boolean().default(false),
    watch: z.boolean().default(false),
    eventCount: countOfEvents(0).default(EVENTS_DEFAULT),
  })
  .refine(({ check, watch }) => !check || !watch, {
    path: ['check'],
    message: 'looks once: leave out --watch',
  });
type StatusInput = z.infer<typeof StatusInput>;

export const status: Command<StatusInput, StatusReport, HaApi> = {
  name: 'status',
  summary: 'Show resource groups, hosts and alarms',
  arguments: [],
  options: [
    { flags: '-x, --exceptions', description: 'only what is not as it should be' },
    {
      flags: '-e, --event-count <count>',
      description: `how many of the newest events (default: ${EVENTS_DEFAULT})`,
    },
    { flags: '-d, --details', description: 'what is known on each host, and each fence device' },
    { flags: '-w, --watch', description: 'show it again whenever it changes, until Ctrl-C' },
    {
      flags: '--check',
      description: 'one line; exit code 0: well, 10: degraded, 11: a group is down',
    },
  ],
  input: StatusInput,
  examples: [
    'aureole status',
    'aureole status -x -e 0',
    'aureole status --details --watch',
    'aureole status --check',
  ],
  async run(input, { api, signal }) {
    const [now, events] = await Promise.all([api.status(signal), newest(input, api, signal)]);
    return { ...now, events };
  },
  follow(input, { api, signal }) {
    if (!input.watch) return undefined;
    return watchStatus(api, () => newest(input, api, signal), signal);
  },
  render(result, look, { check, details, exceptions }) {
    if (check) return healthOf(result).text;
    return details
      ? renderDetails(result, look, exceptions)
      : renderStatus(result, look, exceptions);
  },
  verdict: (result, { check }) => (check ? healthOf(result).verdict : 'done'),
};

/** Since the last `events clear`; none where none are shown. */
async function newest(
  { eventCount, exceptions, details, check }: StatusInput,
  api: HaApi,
  signal: AbortSignal,
): Promise<readonly EventView[]> {
  if (eventCount === 0 || exceptions || details || check) return [];
  return api.events({ uncleared: true, limit: eventCount }, signal);
}
