// SPDX-License-Identifier: Apache-2.0
/** What all orders of an operator have in common: a target, a reason, and the core's answer. */
import { z } from 'zod';
import type { Command, CommandContext, Verdict } from '../../runtime/command.ts';
import type { HaApi } from '../client.ts';
import type { OrderAnswer, OrderRequest } from '../contract.ts';

export const Target = z
  .string()
  .min(1, 'write a name')
  .max(256, 'is too long: at most 256 characters');
export const Reason = z.string().max(1_024, 'is too long: at most 1024 characters');

export const REASON_OPTION = {
  flags: '--reason <text>',
  description: 'why; kept in the journal with your name',
} as const;

type OrderInput = { readonly target: string; readonly reason: string };

export type OrderCommand = Command<OrderInput, OrderAnswer, HaApi>;

type OrderSketch = {
  readonly verb: OrderRequest['verb'];
  readonly argument: {
    readonly name: 'host' | 'group' | 'host|group';
    readonly description: string;
  };
  readonly summary: string;
  readonly examples: readonly string[];
};

export function orderCommand({ verb, argument, summary, examples }: OrderSketch): OrderCommand {
  return {
    name: verb,
    summary,
    arguments: [argument],
    options: [REASON_OPTION],
    input: inputWith(argument.name),
    examples,
    run: ({ target, reason }, context) =>
      giveOrder({ verb, target, reason, force: false, dryRun: false }, context),
    render: renderAnswer,
    verdict: verdictOf,
  };
}

/** What the argument is called in the help, it is called in complaints as well. */
function inputWith(name: string): z.ZodType<OrderInput> {
  return z
    .object({ [name]: Target, reason: Reason.default('') })
    .transform(({ [name]: target = '', reason = '' }) => ({ target, reason }));
}

export function giveOrder(
  order: Omit<OrderRequest, 'operator'>,
  { api, operator, signal }: CommandContext<HaApi>,
): Promise<OrderAnswer> {
  return api.order({ ...order, operator }, signal);
}

export function renderAnswer({ outcome, text }: OrderAnswer): string {
  return text === '' ? outcome : `${outcome}: ${text}`;
}

/** An order that is accepted is under way: what becomes of it is in the status and the events. */
export function verdictOf({ outcome }: OrderAnswer): Verdict {
  return outcome === 'accepted' ? 'done' : outcome;
}
