// SPDX-License-Identifier: Apache-2.0
/** How many events somebody wants to see: as many as the manager gives at once. */
import { z } from 'zod';

const EVENTS_MAX = 1_000;

export function countOfEvents(least: 0 | 1) {
  const remedy = `write a whole number from ${least} to ${EVENTS_MAX}`;
  return z
    .string()
    .regex(/^\d{1,4}$/, remedy)
    .transform(Number)
    .refine((count) => count >= least && count <= EVENTS_MAX, remedy);
}
