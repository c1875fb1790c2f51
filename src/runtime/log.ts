// SPDX-License-Identifier: Apache-2.0
/**
 * The log of a daemon: JSON lines on standard output, which the journal of systemd keeps. A reader
 * that has stopped reading must not stop the daemon: lines beyond the buffer are dropped.
 *
 * error: someone must act now. warn: someone should look this week. info: the state of the service
 * changed. debug: the rest, shown with AUREOLE_LOG_LEVEL=debug.
 */
import { pino } from 'pino';
import type { Logger } from 'pino';
import { invalidSetting, type FindSetting } from './settings.ts';

export type Log = Pick<Logger, 'error' | 'warn' | 'info' | 'debug'>;

const LEVELS = ['error', 'warn', 'info', 'debug'] as const;
export type LogLevel = (typeof LEVELS)[number];

const BUFFER_BYTES = 1_048_576;

export type LogOutput = { readonly log: Log; readonly flush: () => void };

export function openLog(daemon: string, level: LogLevel): LogOutput {
  const destination = pino.destination({ dest: 1, sync: false, maxLength: BUFFER_BYTES });
  // A reader that went away (EPIPE) is no reason to stop.
  destination.on('error', () => {});
  const log = pino(
    {
      level,
      base: { daemon },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  );
  return { log, flush: () => flush(destination) };
}

function flush(destination: { flushSync(): void }): void {
  try {
    destination.flushSync();
  } catch {
    // Not yet open, or its reader is gone: there is nobody to tell.
  }
}

/** AUREOLE_LOG_LEVEL, else the most talkative level that HALO_LOG gives to HALO itself. */
export function logLevelOf(find: FindSetting): LogLevel {
  const setting = find('AUREOLE_LOG_LEVEL', 'HALO_LOG');
  if (setting === undefined) return 'info';
  const { name, value, from } = setting;
  if (name === 'HALO_LOG') {
    const directives = value.split('/')[0]?.split(',') ?? [];
    const levels = directives.map((directive) => levelOfDirective(directive.trim()));
    return LEVELS.findLast((one) => levels.includes(one)) ?? 'info';
  }
  const level = LEVELS.find((one) => one === value);
  if (level !== undefined) return level;
  throw invalidSetting(`${from}: "${value}" is no level: write ${LEVELS.join(', ')}`);
}

/** `debug`, `halo=debug`, `halo_lib::manager`; those about other programs' parts say nothing to us. */
function levelOfDirective(directive: string): LogLevel | undefined {
  const [, target, level] = /^(?:(halo\w*(?:::\w+)*)(?:=|$))?(\w*)$/.exec(directive) ?? [];
  const word = level?.toLowerCase() || (target === undefined ? '' : 'trace');
  if (word === 'trace') return 'debug';
  return word === 'off' ? 'error' : LEVELS.find((one) => one === word);
}
