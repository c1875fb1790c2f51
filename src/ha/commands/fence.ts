// SPDX-License-Identifier: Apache-2.0
/**
 * `aureole fence`: cut the power of hosts; or, with `--confirm-off`, an operator's own word that hosts
 * are off. That word starts services elsewhere, and a slip in a nodeset cuts the power of many: both
 * take the hosts a second time.
 */
import { z } from 'zod';
import { AureoleError } from '../../kernel/error.ts';
import { foldNames } from '../../model/node-set/fold.ts';
import type { Command, CommandContext } from '../../runtime/command.ts';
import type { HaApi } from '../client.ts';
import { giveOrders } from './order.ts';
import { MOVING, MOVING_OPTIONS, Reason, REASON_OPTION, Targets } from './order-input.ts';
import { renderAnswers, verdictOf, type TargetAnswer } from './show-answers.ts';
import { resolveTargets } from './targets.ts';

const FenceInput = MOVING.extend({
  host: Targets,
  reason: Reason.min(1, 'write why'),
  force: z.boolean().default(false),
  confirmOff: z.boolean().default(false),
  again: z.string().optional(),
});
type FenceInput = z.infer<typeof FenceInput>;

export const fence: Command<FenceInput, readonly TargetAnswer[], HaApi> = {
  name: 'fence',
  summary: 'Cut the power of hosts, and start their groups elsewhere',
  arguments: [{ name: 'host', description: 'the hosts to fence, as a nodeset', many: true }],
  options: [
    { ...REASON_OPTION, description: `${REASON_OPTION.description} (required)` },
    {
      flags: '--force',
      description:
        'do it although the manager refused, where its refusal names --force; with --confirm-off, too',
    },
    {
      flags: '--confirm-off',
      description: 'cut nothing: you have seen yourself that the hosts have no power',
    },
    {
      flags: '--again <hosts>',
      description: 'without a terminal, for --confirm-off or several hosts: the same words again',
    },
    ...MOVING_OPTIONS,
  ],
  input: FenceInput,
  examples: [
    'aureole fence oss1 --reason "hangs in the kernel"',
    'aureole fence oss1 --dry-run --reason "what would move?"',
    'aureole fence oss1 --confirm-off --reason "pulled both plugs"',
  ],
  async run(input, context) {
    const { host: words, confirmOff, again, ...order } = input;
    const targets = await resolveTargets('host', words, context);
    if (!order.dryRun && (confirmOff || targets.length > 1)) {
      await confirm(words.join(' '), targets, { confirmOff, again }, context);
    }
    return giveOrders({ verb: confirmOff ? 'confirm-off' : 'fence', ...order, targets }, context);
  },
  render: renderAnswers,
  verdict: verdictOf,
};

async function confirm(
  written: string,
  targets: readonly string[],
  { confirmOff, again }: Pick<FenceInput, 'confirmOff' | 'again'>,
  { ask }: CommandContext<HaApi>,
): Promise<void> {
  const names = foldNames(targets);
  const claim = confirmOff ? offClaim(names) : fenceClaim(targets.length, names);
  // Who states that hosts are off says which: the name of a group of them is nobody's word for any.
  const wanted = confirmOff ? names : written;
  const typed = again ?? (await ask?.(`${claim}\nType ${wanted} to confirm: `));
  if (typed === wanted) return;
  const what = confirmOff ? '--confirm-off' : `the fence of ${targets.length} hosts`;
  const text =
    typed === undefined
      ? `${what} asks for the same words a second time, and there is no terminal: add --again ${quoted(wanted)}`
      : `the words typed again are not ${wanted}: nothing was done`;
  throw new AureoleError(text, { code: 'not-confirmed' }, { effect: 'none' });
}

function quoted(words: string): string {
  return /^[\w.-]+$/.test(words) ? words : `'${words}'`;
}

function fenceClaim(count: number, names: string): string {
  return `You are about to cut the power of ${count} hosts: ${names}.`;
}

function offClaim(names: string): string {
  return `You are about to state that ${names} has no power, and that you have seen it yourself.
Aureole will believe you and start the resource groups of ${names} on other hosts. If one that you
name still runs, two hosts will write to the same disks, and the data on them will be destroyed.`;
}
