// SPDX-License-Identifier: Apache-2.0
/**
 * `aureole fence`: cut a host's power; or, with `--confirm-off`, an operator's own word that a host is
 * off. That word starts services elsewhere, so it takes the host's name a second time.
 */
import { z } from 'zod';
import { AureoleError } from '../../kernel/error.ts';
import type { Command, CommandContext } from '../../runtime/command.ts';
import type { HaApi } from '../client.ts';
import type { OrderAnswer } from '../contract.ts';
import { giveOrder, Reason, REASON_OPTION, renderAnswer, Target, verdictOf } from './order.ts';

const FenceInput = z.object({
  host: Target,
  reason: Reason.min(1, 'write why'),
  force: z.boolean().default(false),
  confirmOff: z.boolean().default(false),
  again: z.string().optional(),
});
type FenceInput = z.infer<typeof FenceInput>;

export const fence: Command<FenceInput, OrderAnswer, HaApi> = {
  name: 'fence',
  summary: "Cut a host's power, and start its groups elsewhere",
  arguments: [{ name: 'host', description: 'the host to fence' }],
  options: [
    { ...REASON_OPTION, description: `${REASON_OPTION.description} (required)` },
    {
      flags: '--force',
      description:
        'do it although the manager refused, where its refusal names --force; with --confirm-off, too',
    },
    {
      flags: '--confirm-off',
      description: 'cut nothing: you have seen yourself that the host has no power',
    },
    {
      flags: '--again <host>',
      description: "for --confirm-off without a terminal: the host's name a second time",
    },
  ],
  input: FenceInput,
  examples: [
    'aureole fence oss1 --reason "hangs in the kernel"',
    'aureole fence oss1 --confirm-off --reason "pulled both plugs"',
  ],
  async run(input, context) {
    const { host, reason, force, confirmOff } = input;
    if (confirmOff) await confirm(input, context);
    const verb = confirmOff ? 'confirm-off' : 'fence';
    return giveOrder({ verb, target: host, reason, force, dryRun: false }, context);
  },
  render: renderAnswer,
  verdict: verdictOf,
};

async function confirm({ host, again }: FenceInput, { ask }: CommandContext<HaApi>): Promise<void> {
  const typed = again ?? (await ask?.(claimOf(host)));
  if (typed === host) return;
  const text =
    typed === undefined
      ? `--confirm-off asks for the host's name a second time, and there is no terminal: add --again ${host}`
      : `the name typed again is not ${host}: nothing was done`;
  throw new AureoleError(text, { code: 'not-confirmed' }, { effect: 'none' });
}

function claimOf(host: string): string {
  return `You are about to state that ${host} has no power, and that you have seen it yourself.
Aureole will believe you and start the resource groups of ${host} on other hosts. If ${host}
still runs, two hosts will write to the same disks, and the data on them will be destroyed.
Type the host's name to confirm: `;
}
