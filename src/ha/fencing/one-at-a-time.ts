// SPDX-License-Identifier: Apache-2.0
/**
 * One program at a time for each fence device: an off that is told while an on still runs must come
 * after it, and many a power controller bears one session only. A question for the state gives way to
 * whatever switches, so that nobody's curiosity delays a fence.
 */
import type { DeviceName } from '../core/spec.ts';
import type { PowerAnswer, RunFenceDevice } from './contract.ts';

type Line = {
  /** The end of the newest program; what comes next waits for it. */
  last: Promise<unknown>;
  /** Ends the questions that run or wait. */
  questions: AbortController;
};

export function oneAtATime(run: RunFenceDevice): RunFenceDevice {
  const lines = new Map<DeviceName, Line>();
  return (device, action, signal) => {
    const line = lines.get(device.name);
    const questions = line?.questions ?? new AbortController();
    if (action !== 'status') questions.abort();
    const whole = action === 'status' ? AbortSignal.any([signal, questions.signal]) : signal;
    const answer = (line?.last ?? Promise.resolve()).then((): PowerAnswer | Promise<PowerAnswer> =>
      whole.aborted ? { outcome: 'unknown', text: 'not asked' } : run(device, action, whole),
    );
    const next: Line = {
      last: answer,
      questions: action === 'status' ? questions : new AbortController(),
    };
    lines.set(device.name, next);
    void answer.then(() => {
      if (lines.get(device.name) === next) lines.delete(device.name);
    });
    return answer;
  };
}
