// SPDX-License-Identifier: Apache-2.0
/** What is typed with an order: targets, a reason, and how to go about it. */
import { z } from 'zod';
import { durationMs } from '../../model/duration.ts';

export const Targets = z.array(z.string().min(1, 'write a name')).min(1, 'write a name');
export const Reason = z.string().max(1_024, 'is too long: at most 1024 characters');

export const REASON_OPTION = {
  flags: '--reason <text>',
  description: 'why; kept in the journal with your name',
} as const;

const WAIT_DEFAULT = '10m';
const Wait = z.union([z.literal(true).transform(() => WAIT_DEFAULT), z.string()]);

/** What an order takes that may start, stop or move something. */
export const MOVING = z.object({
  dryRun: z.boolean().default(false),
  wait: Wait.pipe(durationMs('1s', '1d')).optional(),
});
export const MOVING_OPTIONS = [
  { flags: '--dry-run', description: 'only tell what would be done' },
  {
    flags: '--wait [duration]',
    description: `wait until it is done, at most so long (default: ${WAIT_DEFAULT})`,
  },
] as const;
export type Moving = { readonly dryRun: boolean; readonly wait?: number | undefined };
