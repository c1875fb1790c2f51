// SPDX-License-Identifier: Apache-2.0
/** `aureole failback`: groups go home only when an operator says so. */
import { z } from 'zod';
import type { Command } from '../../runtime/command.ts';
import type { HaApi } from '../client.ts';
import { giveOrders } from './order.ts';
import { MOVING, MOVING_OPTIONS, Reason, REASON_OPTION } from './order-input.ts';
import { renderAnswers, verdictOf, type TargetAnswer } from './show-answers.ts';
import { resolveTargets } from './targets.ts';

const ARGUMENT = 'host|group';

const FailbackInput = MOVING.extend({
  [ARGUMENT]: z.array(z.string().min(1, 'write a name')),
  onto: z.string().min(1, 'write a name').optional(),
  reason: Reason.default(''),
}).refine(({ onto, [ARGUMENT]: words }) => words.length > 0 !== (onto !== undefined), {
  path: [ARGUMENT],
  message: 'write hosts or groups here, or else hosts with --onto',
});
type FailbackInput = z.infer<typeof FailbackInput>;

export const failback: Command<FailbackInput, readonly TargetAnswer[], HaApi> = {
  name: 'failback',
  summary: 'Return groups to their home host',
  arguments: [
    {
      name: ARGUMENT,
      description: 'hosts whose groups return to them, as a nodeset; or groups by their roots',
      many: true,
      optional: true,
    },
  ],
  options: [
    { flags: '--onto <hosts>', description: 'another way to name hosts, as a nodeset' },
    REASON_OPTION,
    ...MOVING_OPTIONS,
  ],
  input: FailbackInput,
  examples: [
    'aureole failback oss1 --reason "memory replaced"',
    'aureole failback ost0 --dry-run',
    'aureole failback --onto "oss[1-4]" --wait 30m',
  ],
  async run({ [ARGUMENT]: words, onto, ...order }, context) {
    const targets =
      onto === undefined
        ? await resolveTargets(ARGUMENT, words, context)
        : await resolveTargets('host', [onto], context);
    return giveOrders({ verb: 'failback', force: false, ...order, targets }, context);
  },
  render: renderAnswers,
  verdict: verdictOf,
};
