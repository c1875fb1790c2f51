// SPDX-License-Identifier: Apache-2.0
/**
 * What to ask an agent next, and what an answer of it proves. Each run of an agent (incarnation) is
 * first asked who it is and given the watch list; then it is polled for what is newer than the
 * cursor. The cursor moves only by an answer that arrived: after a loss the same question is asked
 * again, so that nothing the agent has to say can get lost.
 */
import type { Instant } from '../../kernel/machine.ts';
import type { HaEvent, Observation, Operation } from './messages.ts';
import type { HostName } from './spec.ts';

export type PollCursor = Readonly<{
  /** The run of the agent that is being asked; absent: not known. */
  incarnation?: string;
  /** It has taken the watch list. */
  watching: boolean;
  cursor: number;
}>;

export type Question = Readonly<
  { type: 'identity' } | { type: 'watch' } | { type: 'poll'; cursor: number }
>;

/** An agent's answer to a poll, as its API describes it. */
export type BeatAnswer = Readonly<{
  boot: string;
  incarnation: string;
  cursor: number;
  resources: readonly Readonly<{
    resource: string;
    exit?: number | undefined;
    failure?: 'timed-out' | 'not-run' | undefined;
    begunMsAgo?: number | undefined;
    alive: readonly Operation[];
    text?: string | undefined;
  }>[];
}>;

export const UNACQUAINTED: PollCursor = { watching: false, cursor: 0 };

export function nextQuestion(state: PollCursor): Question {
  if (state.incarnation === undefined) return { type: 'identity' };
  if (!state.watching) return { type: 'watch' };
  return { type: 'poll', cursor: state.cursor };
}

export function afterIdentity(incarnation: string): PollCursor {
  return { incarnation, watching: false, cursor: 0 };
}

export function afterWatch(state: PollCursor): PollCursor {
  return { ...state, watching: true };
}

/** Another incarnation counts anew, and it watches nothing yet. */
export function afterBeat(state: PollCursor, beat: BeatAnswer): PollCursor {
  if (beat.incarnation !== state.incarnation) return UNACQUAINTED;
  return { ...state, cursor: beat.cursor };
}

/**
 * The agent wrote the answer after it was asked. A monitor that it calls so many milliseconds old
 * was therefore begun, at the earliest, that long before the question was sent.
 */
export function beatOf(host: HostName, askedAt: Instant, beat: BeatAnswer): HaEvent {
  const observations = beat.resources.map((seen): Observation => ({
    resource: seen.resource,
    exit: seen.exit,
    failure: seen.failure,
    askedAt: askedAt - (seen.begunMsAgo ?? 0),
    alive: seen.alive,
    text: seen.text,
  }));
  const { boot, incarnation } = beat;
  return { type: 'beat', host, askedAt, boot, incarnation, observations };
}
