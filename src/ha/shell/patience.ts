// SPDX-License-Identifier: Apache-2.0
/**
 * How long an answer is waited for. When the time is over, the loop gets one more turn to read what
 * has arrived: after a stall of our own, the answer may have been here all the time. If we were late
 * ourselves we wait once more: whoever breaks connections off because he is busy gets busier.
 */
/** Less is the timers' own imprecision. */
const LATE_MS = 20;

export class Patience implements Disposable {
  readonly #signal: AbortSignal;
  #timer: NodeJS.Timeout;
  #lastTurn: NodeJS.Immediate | undefined;
  #isOver: boolean;
  #end: () => void = () => {};

  /** The signal ends it at once. */
  constructor(durationMs: number, signal: AbortSignal) {
    this.#signal = signal;
    this.#isOver = signal.aborted;
    const dueAt = performance.now() + durationMs;
    const giveUp = (): void => void (this.#lastTurn = setImmediate(this.#over));
    this.#timer = setTimeout(() => {
      const lateMs = Math.min(performance.now() - dueAt, durationMs);
      if (lateMs < LATE_MS) giveUp();
      else this.#timer = setTimeout(giveUp, lateMs);
    }, durationMs);
    signal.addEventListener('abort', this.#over);
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Called at its end, or now if that has come; the newest one only. */
  whenOver(end: () => void): void {
    this.#end = end;
    if (this.#isOver) end();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#lastTurn);
    this.#signal.removeEventListener('abort', this.#over);
  }

  readonly #over = (): void => {
    this.#isOver = true;
    this.#end();
  };
}
