// SPDX-License-Identifier: Apache-2.0
/**
 * The time-outs that a script advises in its meta-data. Only `<action>` elements matter here, so a
 * small reader does; whatever it does not understand is left out, and the default holds.
 */
import { statSync } from 'node:fs';
import { endProcesses, runProgram } from '../../runtime/process.ts';
import { DEFAULT_TIMEOUT_MS, type Operation } from '../contract.ts';
import { baseEnvironment } from './environment.ts';
import type { Script } from './script.ts';

/** Milliseconds by action. */
export type Timeouts = ReadonlyMap<string, number>;

/** A variable of the environment by which the processes of a call are found again. */
export type Mark = { readonly name: string; readonly value: string };

export const TIMEOUT_MS_MAX = 86_400_000;
const META_DATA_TIMEOUT_MS = 5_000;
const META_DATA_BYTES_MAX = 524_288;
const SCRIPTS_MAX = 1_024;

const UNITS_MS = new Map([
  ['', 1_000],
  ['ms', 1],
  ['msec', 1],
  ['s', 1_000],
  ['sec', 1_000],
  ['m', 60_000],
  ['min', 60_000],
  ['h', 3_600_000],
  ['hr', 3_600_000],
]);

export class AdvisedTimeouts {
  readonly #ocfRoot: string;
  readonly #mark: Mark;
  readonly #known = new Map<string, { readonly version: string; readonly timeouts: Timeouts }>();

  constructor(ocfRoot: string, mark: Mark) {
    this.#ocfRoot = ocfRoot;
    this.#mark = mark;
  }

  /** Ends what earlier incarnations have asked and not lived to hear; before anything new is asked. */
  async endOrphans(): Promise<void> {
    const { name, value } = this.#mark;
    await endProcesses({ mark: `${name}=${value}` }, 0);
  }

  async find(script: Script, operation: Operation): Promise<number> {
    const version = versionOf(script.path);
    const known = this.#known.get(script.path);
    if (known !== undefined && known.version === version) {
      return known.timeouts.get(operation) ?? DEFAULT_TIMEOUT_MS;
    }
    const timeouts = await this.#ask(script);
    if (this.#known.size >= SCRIPTS_MAX) this.#known.clear();
    // A script that failed to answer is asked again: it may have been the load of the moment.
    if (timeouts !== undefined) this.#known.set(script.path, { version, timeouts });
    return timeouts?.get(operation) ?? DEFAULT_TIMEOUT_MS;
  }

  async #ask(script: Script): Promise<Timeouts | undefined> {
    const { end, stdout } = await runProgram({
      file: script.path,
      args: ['meta-data'],
      env: { ...baseEnvironment(this.#ocfRoot, script), [this.#mark.name]: this.#mark.value },
      timeoutMs: META_DATA_TIMEOUT_MS,
      killGraceMs: 0,
      outputBytesMax: META_DATA_BYTES_MAX,
    });
    return end.type === 'exited' && end.code === 0 ? parseTimeouts(stdout) : undefined;
  }
}

export function parseTimeouts(metaData: string): Timeouts {
  const timeouts = new Map<string, number>();
  const text = metaData.replaceAll(/<!--[^]*?(?:-->|$)/g, '');
  for (const [, inside = ''] of text.matchAll(/<action\s((?:[^<>"']|"[^"]*"|'[^']*')*)>/g)) {
    const attributes = parseAttributes(inside);
    const name = attributes.get('name');
    const timeoutMs = parseDurationMs(attributes.get('timeout') ?? '');
    // Deeper checks than the ordinary monitor are never asked for.
    const isDeep = Number(attributes.get('depth') ?? 0) > 0;
    if (name === undefined || timeoutMs === undefined || isDeep) continue;
    timeouts.set(name, Math.max(timeoutMs, timeouts.get(name) ?? 0));
  }
  return timeouts;
}

function parseAttributes(text: string): Map<string, string> {
  const attributes = new Map<string, string>();
  for (const match of text.matchAll(/([\w-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g)) {
    const [, name = '', double, single] = match;
    attributes.set(name, double ?? single ?? '');
  }
  return attributes;
}

/** `20`, `20s`, `20000ms`, `1m`, `1min`, `1h`; undefined for anything else, or out of bounds. */
export function parseDurationMs(text: string): number | undefined {
  const [, digits = '', unit = ''] = /^\s*(\d{1,9})\s*([a-z]*)\s*$/i.exec(text) ?? [];
  const unitMs = UNITS_MS.get(unit.toLowerCase());
  if (digits === '' || unitMs === undefined) return undefined;
  const durationMs = Number(digits) * unitMs;
  return durationMs >= 1 && durationMs <= TIMEOUT_MS_MAX ? durationMs : undefined;
}

/** Changes whenever the script does. */
function versionOf(path: string): string {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats === undefined ? 'missing' : `${stats.ino} ${stats.size} ${stats.mtimeMs}`;
}
