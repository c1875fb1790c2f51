// SPDX-License-Identifier: Apache-2.0
/** `aureole events`: what happened, oldest first; with `--follow`, what happens. */
import { z } from 'zod';
import type { Command } from '../../runtime/command.ts';
import type { EventQuery, HaApi } from '../client.ts';
import type { EventView } from '../contract.ts';
import { followEvents } from './follow.ts';
import { Target } from './order.ts';
import { renderEvents } from './show-events.ts';

const COUNT = 'write a whole number from 1 to 1000';

const EventsInput = z.object({
  number: z
    .string()
    .regex(/^\d{1,4}$/, COUNT)
    .transform(Number)
    .refine((count) => count >= 1 && count <= 1_000, COUNT)
    .default(50),
  host: Target.optional(),
  group: Target.optional(),
  follow: z.boolean().default(false),
});
type EventsInput = z.infer<typeof EventsInput>;

export const events: Command<EventsInput, readonly EventView[], HaApi> = {
  name: 'events',
  summary: 'Show what happened',
  arguments: [],
  options: [
    { flags: '-n, --number <count>', description: 'how many of the newest (default: 50)' },
    { flags: '--host <name>', description: 'only those of one host' },
    { flags: '--group <name>', description: 'only those of one resource group' },
    { flags: '-f, --follow', description: 'go on with what happens, until Ctrl-C' },
  ],
  input: EventsInput,
  examples: [
    'aureole events -n 100 --host oss1',
    'aureole events --group ost0',
    'aureole events --follow',
  ],
  run: (input, { api, signal }) => api.events({ ...filterOf(input), limit: input.number }, signal),
  follow: (input, { api, signal }) =>
    input.follow ? followEvents(api, filterOf(input), input.number, signal) : undefined,
  render: renderEvents,
  verdict: () => 'done',
};

function filterOf({ host, group }: EventsInput): EventQuery {
  return { ...(host === undefined ? {} : { host }), ...(group === undefined ? {} : { group }) };
}
