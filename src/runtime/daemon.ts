// SPDX-License-Identifier: Apache-2.0
/** What every daemon does around its work: it logs, tells systemd how it is, and ends on SIGTERM or SIGINT. */
import { logLevelOf, openLog, type Log } from './log.ts';
import type { FindSetting } from './settings.ts';
import { systemdNotifier, watchdogIntervalMs } from './systemd.ts';

export type DaemonPorts = {
  readonly log: Log;
  /** Says when to end. */
  readonly signal: AbortSignal;
  /** To be called once it serves others. */
  readonly onReady: () => void;
};

export async function runDaemon(
  name: string,
  find: FindSetting,
  work: (ports: DaemonPorts) => Promise<void>,
): Promise<void> {
  const { log, flush } = openLog(name, logLevelOf(find));
  const notify = await systemdNotifier();
  const stop = new AbortController();
  const end = (): void => {
    notify('STOPPING=1');
    stop.abort();
  };
  process.once('SIGTERM', end);
  process.once('SIGINT', end);
  const intervalMs = watchdogIntervalMs();
  const watchdog = intervalMs && setInterval(() => notify('WATCHDOG=1'), intervalMs);
  try {
    await work({ log, signal: stop.signal, onReady: () => notify('READY=1') });
  } finally {
    clearInterval(watchdog);
    process.off('SIGTERM', end);
    process.off('SIGINT', end);
    flush();
  }
}
