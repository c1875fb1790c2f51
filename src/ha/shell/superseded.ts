// SPDX-License-Identifier: Apache-2.0
/** An agent that refuses whatever we say, because it obeys another manager: what the core is told. */
import type { Instant } from '../../kernel/machine.ts';
import type { HaEvent } from '../core/messages.ts';
import type { HostName } from '../core/spec.ts';
import type { Answer } from './agent-request.ts';

type Superseded = Extract<HaEvent, { type: 'superseded' }>;

/** Undefined for any other answer. */
export function supersededBy(
  host: HostName,
  answer: Answer<unknown>,
  askedAt: Instant,
): Superseded | undefined {
  if (answer.type !== 'refusal') return undefined;
  const { code, text } = answer;
  if (code === 'superseded') return { type: 'superseded', host, askedAt, by: 'higher-epoch', text };
  if (code === 'other-journal') return { type: 'superseded', host, askedAt, by: code, text };
  return undefined;
}
