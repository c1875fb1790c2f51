// SPDX-License-Identifier: Apache-2.0
/**
 * `aureole events`: what happened, oldest first; with `--follow`, what happens. `aureole events clear`
 * hides what is older from `status`; nothing is forgotten.
 */
import { z } from 'zod';
import { parseDuration } from '../../model/duration.ts';
import type { Command, CommandContext } from '../../runtime/command.ts';
import type { EventQuery, HaApi } from '../client.ts';
import { EventView, type ClearAnswer } from '../contract.ts';
import { countOfEvents } from './event-count.ts';
import { followEvents } from './follow.ts';
import { Reason, REASON_OPTION } from './order-input.ts';
import { renderEvents } from './show-events.ts';
import { resolveHosts } from './targets.ts';

const SHOWN_DEFAULT = 50;
const LOCAL_TIME =
  /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)(Z|[+-]\d\d:?\d\d)?)?$/;

/** As ISO 8601 in UTC. Without a zone a time is local, as events are shown. */
const When = z.string().transform((text, context) => {
  const agoMs = parseDuration(text);
  if (agoMs !== undefined) return new Date(Date.now() - agoMs).toISOString();
  const [, date, time = '00:00', zone = ''] = LOCAL_TIME.exec(text) ?? [];
  const at = Date.parse(`${date}T${time}${zone}`);
  if (!Number.isNaN(at)) return new Date(at).toISOString();
  const message = `"${text}" is no time: write one like 2026-01-31T18:00, or how long ago, like 2h`;
  context.addIssue({ code: 'custom', message });
  return z.NEVER;
});

const Name = z.string().min(1, 'write a name');

const ShowInput = z
  .object({
    number: countOfEvents(1).default(SHOWN_DEFAULT),
    before: z
      .string()
      .regex(/^\d{1,15}$/, 'write the id of an event')
      .transform(Number)
      .optional(),
    host: Name.optional(),
    group: Name.optional(),
    severity: z.enum(EventView.shape.severity.options, 'write info, warning or alarm').optional(),
    since: When.optional(),
    until: When.optional(),
    follow: z.boolean().default(false),
  })
  .refine(({ follow, before, until }) => !follow || (before === undefined && until === undefined), {
    path: ['follow'],
    message: 'goes on, and --before and --until end: leave one of them out',
  });
type ShowInput = z.infer<typeof ShowInput>;

export const showEvents: Command<ShowInput, readonly EventView[], HaApi> = {
  name: 'show',
  summary: 'Show what happened, oldest first; without a word, it is this',
  arguments: [],
  options: [
    {
      flags: '-n, --number <count>',
      description: `how many of the newest (default: ${SHOWN_DEFAULT})`,
    },
    { flags: '--before <id>', description: 'the page of those before the event with this id' },
    { flags: '--host <hosts>', description: 'only those of these hosts, as a nodeset' },
    { flags: '--group <name>', description: 'only those of one resource group' },
    { flags: '--severity <least>', description: 'only info, warning or alarm, and what is worse' },
    { flags: '--since <when>', description: 'a time, or how long ago: 2026-01-31T18:00, 2h' },
    { flags: '--until <when>', description: 'the same' },
    { flags: '-f, --follow', description: 'go on with what happens, until Ctrl-C' },
  ],
  input: ShowInput,
  examples: [
    'aureole events -n 100 --host "oss[1-4]"',
    'aureole events --severity warning --since 2h',
    'aureole events --group ost0 --follow',
  ],
  async run(input, context) {
    const { number: limit, before } = input;
    const query = {
      ...(await queryOf(input, context)),
      ...(before === undefined ? {} : { before }),
    };
    const events = await context.api.events({ ...query, limit }, context.signal);
    const first = events[0]?.id;
    if (events.length === limit && first !== undefined) {
      context.tell(`(there may be older ones: --before ${first})`);
    }
    return events;
  },
  follow(input, context) {
    if (!input.follow) return undefined;
    const query = (): Promise<EventQuery> => queryOf(input, context);
    return followEvents(context.api, query, input.number, context.signal);
  },
  render: renderEvents,
  verdict: () => 'done',
};

async function queryOf(
  { host, group, severity, since, until }: ShowInput,
  context: Pick<CommandContext<HaApi>, 'api' | 'signal'>,
): Promise<EventQuery> {
  return {
    ...(host === undefined ? {} : { host: await resolveHosts([host], context) }),
    ...(group === undefined ? {} : { group }),
    ...(severity === undefined ? {} : { severity }),
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
  };
}

const ClearInput = z.object({ reason: Reason.default('') });

export const clearEvents: Command<z.infer<typeof ClearInput>, ClearAnswer, HaApi> = {
  name: 'clear',
  summary: 'Leave out of the status what happened up to now',
  arguments: [],
  options: [REASON_OPTION],
  input: ClearInput,
  examples: ['aureole events clear --reason "looked at"'],
  run: ({ reason }, { api, operator, signal }) => api.clearEvents({ reason, operator }, signal),
  render: () => 'cleared: aureole status shows newer events only, aureole events still shows all',
  verdict: () => 'done',
};
