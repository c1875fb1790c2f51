// SPDX-License-Identifier: Apache-2.0
/** Durations as people write them (`500ms`, `10s`, `5m`, `1h`, `2d`) and as the program has them: milliseconds. */
import { z } from 'zod';

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
  ['ms', 1],
] as const;

const DURATION_MAX_MS = 365 * 86_400_000;

/** Milliseconds, or undefined for what is not a duration. The unit is never guessed. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d{1,12})(ms|s|m|h|d)$/.exec(text);
  const factor = UNITS.find(([unit]) => unit === match?.[2])?.[1];
  if (match === null || factor === undefined) return undefined;
  const ms = Number(match[1]) * factor;
  return ms <= DURATION_MAX_MS ? ms : undefined;
}

/** In the largest unit that divides it: `parseDuration` gives the same number back. */
export function formatDuration(ms: number): string {
  const [unit, factor] = UNITS.find(([, size]) => ms > 0 && ms % size === 0) ?? ['ms', 1];
  return `${ms / factor}${unit}`;
}

/** For people: the two largest units at most, rounded down, as in `2h 5m`. */
export function roughDuration(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.floor(ms))}ms`;
  const first = UNITS.findIndex(([, size]) => ms >= size);
  const parts: string[] = [];
  let rest = ms;
  for (const [unit, size] of UNITS.slice(first, first + 2)) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0 && unit !== 'ms') parts.push(`${count}${unit}`);
  }
  return parts.join(' ');
}

/** A duration from `min` to `max`, both written as durations too. */
export function durationMs(min: string, max: string): z.ZodType<number, string> {
  const minMs = parseDuration(min) ?? 0;
  const maxMs = parseDuration(max) ?? DURATION_MAX_MS;
  return z.string('is no duration: write one like 10s').transform((text, context) => {
    const ms = parseDuration(text);
    if (ms !== undefined && ms >= minMs && ms <= maxMs) return ms;
    const message =
      ms === undefined
        ? `"${text}" is no duration: write a whole number and ms, s, m, h or d, like 10s`
        : `${text} is out of range: write a duration from ${min} to ${max}`;
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  });
}
