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

export type Log = Pick<Logger, 'error' | 'warn' | 'info' | 'debug'>;

const BUFFER_BYTES = 1_048_576;

export type LogOutput = { readonly log: Log; readonly flush: () => void };

export function openLog(daemon: string): LogOutput {
  const destination = pino.destination({ dest: 1, sync: false, maxLength: BUFFER_BYTES });
  // A reader that went away (EPIPE) is no reason to stop.
  destination.on('error', () => {});
  const log = pino(
    {
      level: process.env['AUREOLE_LOG_LEVEL'] === 'debug' ? 'debug' : 'info',
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
